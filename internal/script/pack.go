package script

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
)

// worthPacking is the size of texts from which on one more program on the machine
// is worth the bytes that it saves. Compressed, they are half as long.
const worthPacking = 12 << 10

func gzipped(text string) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		w.Write([]byte(text)) // a buffer takes everything
		err = w.Close()
	}
	if err != nil {
		panic(err) // a wrong level
	}
	return b.Bytes()
}

// quoted returns a text as one word of sh.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// escapeBytes returns any bytes as one line, in the form that printf %b decodes. It
// escapes what read takes as the end, and the bytes that some shells use in values for
// marks of their own.
func escapeBytes(data []byte) string {
	var b strings.Builder
	for i, c := range data {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == 0, c == 1, c == 0x7f, 0x81 <= c && c <= 0x89, c == ' ' && i == len(data)-1:
			fmt.Fprintf(&b, `\0%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
