package terminal

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// Harmless returns a writer to a terminal for text of any origin. Of all control
// characters, only line breaks and tabs pass; others are shown in a form such as
// \x1b.
func Harmless(w io.Writer) io.Writer { return &harmless{w: w} }

type harmless struct {
	w    io.Writer
	rest []byte // the beginning of an incomplete character
}

func (h *harmless) Write(p []byte) (int, error) {
	text := append(h.rest, p...)
	h.rest = nil
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 && !utf8.FullRune(text) {
			h.rest = bytes.Clone(text)
			break
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\n', r == '\t', !unicode.Is(unicode.C, r):
			b.Write(text[:size])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default: // for example a character that changes the direction of text
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		text = text[size:]
	}
	if _, err := h.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
