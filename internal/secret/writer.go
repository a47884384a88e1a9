package secret

import (
	"io"
	"strings"
	"sync"
)

// Writer hides secrets in what is written to it, also those that span several
// writes. It keeps back only the end that may be the beginning of a secret, which
// is never longer than half a KiB. It is safe for use by several goroutines.
type Writer struct {
	set *Set
	w   io.Writer

	mu   sync.Mutex
	text string // what was passed on last, and what was kept back
	done int    // bytes of text that were passed on, or hidden
}

// Writer returns a writer that passes text on to w. It has to be closed.
func (s *Set) Writer(w io.Writer) *Writer {
	if s == nil {
		s = &Set{}
	}
	return &Writer{set: s, w: w}
}

func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text += string(p)
	if err := w.pass(min(w.set.hidden.open(w.text), w.set.public.open(w.text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close passes on what was kept back. It does not close the writer below, and
// more may be written.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(len(w.text))
}

// pass passes the text on up to a place. A secret that begins before that place is
// known whole, so only the parts that reach the place are still needed.
func (w *Writer) pass(to int) error {
	to = max(to, w.done) // Close passes on what is open
	found, public := w.set.hidden.find(w.text), w.set.public.find(w.text)
	keep := to
	for _, s := range append(public, found...) {
		if s.from < keep && s.to >= to {
			keep = s.from
		}
	}
	out := w.until(to, merged(found, public))
	w.text, w.done = w.text[keep:], to-keep
	if out == "" {
		return nil
	}
	_, err := io.WriteString(w.w, out)
	return err
}

// until returns the text from done to a place, with these parts hidden.
func (w *Writer) until(to int, hidden []span) string {
	var shown strings.Builder
	at := w.done
	for _, h := range hidden {
		if h.to <= at || h.from >= to {
			continue
		}
		if h.from >= w.done { // else the mask was passed on before
			shown.WriteString(w.text[at:h.from] + mask)
		}
		at = min(h.to, to)
	}
	shown.WriteString(w.text[at:to])
	return shown.String()
}
