package terminal

import (
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

func TestRawModeIsTakenBack(t *testing.T) {
	far, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	defer tty.Close()
	if err := pty.Setsize(far, &pty.Winsize{Rows: 31, Cols: 117}); err != nil {
		t.Fatal(err)
	}
	if w, h, err := Size(tty); w != 117 || h != 31 || err != nil {
		t.Errorf("%d x %d, %v", w, h, err)
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	restore, err := Raw(tty)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := term.GetState(int(tty.Fd())); *raw == *before {
		t.Error("nothing has changed")
	}
	if err := restore(); err != nil {
		t.Error(err)
	}
	if after, _ := term.GetState(int(tty.Fd())); *after != *before {
		t.Error("it is not as it was")
	}
}

func TestWhatIsNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Is(null) || Is(strings.NewReader("")) || Is(nil) {
		t.Error("taken for a terminal")
	}
	if _, _, err := Size(null); err == nil {
		t.Error("it has a size")
	}
	if _, err := Raw(null); err == nil {
		t.Error("it is raw")
	}
}

func TestNoControlCharacterReachesTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain\ttext\n":            "plain\ttext\n",
		"Grüße, 世界 ☃":              "Grüße, 世界 ☃",
		"\x1b[2J\x1b]0;x\a":        `\x1b[2J\x1b]0;x\x07`,
		"over\rwritten\b\x00\x7f":  `over\x0dwritten\x08\x00\x7f`,
		"C1 \u009b2J and raw \x9b": `C1 \x9b2J and raw \x9b`,
		"a\u202eb\ue000":           `a\u{202e}b\u{e000}`,
	} {
		var whole, pieces strings.Builder
		Harmless(&whole).Write([]byte(text))
		if whole.String() != want {
			t.Errorf("%q becomes %q, want %q", text, whole.String(), want)
		}
		w := Harmless(&pieces)
		for _, b := range []byte(text + "\n") { // a character may arrive in pieces
			if n, err := w.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if pieces.String() != want+"\n" {
			t.Errorf("%q in pieces becomes %q, want %q", text, pieces.String(), want)
		}
	}
}
