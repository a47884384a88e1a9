package script

import (
	"bytes"
	"io"
	"sync"
)

// demux is one stream of a session. While a script runs in a session that is
// kept, each of its facts begins with a mark, and so does the end of both
// streams. What comes without the mark is from something that an earlier script
// has left running: it is no fact. Without a mark, the stream is passed on as it
// is.
type demux struct {
	facts bool // the lines are facts, and only those with the mark count

	mu    sync.Mutex
	mark  string
	to    io.Writer   // nil: nobody waits
	ended chan string // gets what the mark of the end says
	rest  []byte      // a line that is not complete yet
	blank bool        // an empty line is held back: the mark of the end begins with one
}

// begin passes what comes next to a writer. The channel gets what follows the
// mark of the end.
func (d *demux) begin(mark string, to io.Writer) <-chan string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mark, d.to, d.ended = mark, to, make(chan string, 1)
	return d.ended
}

// detach drops what comes from now on.
func (d *demux) detach() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to, d.blank = nil, false
}

func (d *demux) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.to == nil {
		return len(p), nil
	}
	if d.mark == "" {
		return d.to.Write(p)
	}
	d.rest = append(d.rest, p...)
	for {
		line, after, complete := bytes.Cut(d.rest, []byte{'\n'})
		if !complete {
			break
		}
		d.rest = after
		if err := d.line(line); err != nil {
			return 0, err
		}
	}
	if len(d.rest) > maxFact {
		return 0, errTooLong
	}
	return len(p), nil
}

func (d *demux) line(line []byte) error {
	before, said, marked := bytes.Cut(line, []byte(d.mark))
	if end, isEnd := bytes.CutPrefix(said, []byte("ended")); marked && isEnd {
		if len(before) > 0 && !d.facts {
			d.pass(before)
		}
		d.to, d.blank = nil, false
		d.ended <- string(bytes.TrimPrefix(end, []byte{'='}))
		return nil
	}
	if d.facts {
		if !marked {
			return nil
		}
		return d.pass(said)
	}
	if d.blank {
		d.blank = false
		if err := d.pass(nil); err != nil {
			return err
		}
	}
	if len(line) == 0 {
		d.blank = true
		return nil
	}
	return d.pass(line)
}

// pass passes a line on, unless the script has ended.
func (d *demux) pass(line []byte) error {
	if d.to == nil {
		return nil
	}
	_, err := d.to.Write(append(bytes.Clone(line), '\n'))
	return err
}
