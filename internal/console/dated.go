package console

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"time"
)

// dated rewrites the times of journalctl's short-unix format as in short-iso. The
// sudo rule for a log that is not followed has short-unix, since other scripts use
// the same rule and parse the times.
type dated struct {
	w    io.Writer
	rest []byte // the beginning of an incomplete line
}

var unixTime = regexp.MustCompile(`^([0-9]{1,11})\.[0-9]{6} `)

func (d *dated) Write(p []byte) (int, error) {
	d.rest = append(d.rest, p...)
	end := bytes.LastIndexByte(d.rest, '\n') + 1
	var out []byte
	for line := range bytes.Lines(d.rest[:end]) {
		out = append(out, withDate(line)...)
	}
	d.rest = bytes.Clone(d.rest[end:])
	if _, err := d.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes a last line without a line break.
func (d *dated) flush() error {
	_, err := d.w.Write(withDate(d.rest))
	d.rest = nil
	return err
}

func withDate(line []byte) []byte {
	found := unixTime.FindSubmatch(line)
	if found == nil {
		return line
	}
	seconds, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		return line
	}
	date := time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05-0700 ")
	return append([]byte(date), line[len(found[0]):]...)
}
