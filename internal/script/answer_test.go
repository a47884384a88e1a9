package script

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// A machine that answers without end ends the step, whatever it sends.
func TestAnAnswerWithoutEndIsAnError(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"facts":      `while :; do echo key=value; done >&3`,
		"long facts": `while :; do printf 'key=%0100000d\n' 1; done >&3`,
		"other text": `while :; do echo text; done >&3`,
		"empty":      `while :; do echo; done >&3`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var facts, bytes int
			err := call{script: "probe", onFact: func(key, value string) { facts, bytes = facts+1, bytes+len(key)+len(value) }}.run(ctx, withMain(body))
			wantReason(t, err, "the answer of step probe has more than 10000 facts or 4 MiB")
			if ctx.Err() != nil || facts > usualAnswer.facts || bytes > usualAnswer.bytes || len(err.Error()) > 1000 {
				t.Errorf("%d facts of %d bytes, and an error of %d", facts, bytes, len(err.Error()))
			}
		})
	}
}

// chatty is a machine whose answers are text.
type chatty struct{ text string }

func (c chatty) Exec(_ context.Context, command string, _ io.Reader, stdout, _ io.Writer) error {
	_, err := io.Copy(stdout, strings.NewReader(beginning(command)+c.text))
	return err
}

// The bounds are those of the script: an inventory has a line for each file.
func TestEachScriptHasItsOwnBounds(t *testing.T) {
	t.Parallel()
	many := chatty{strings.Repeat("listing=f\t644\t1\tlib/some/file.beam\n", 100_000) + "answered=yes\n"}
	facts := 0
	for step, fails := range map[string]bool{"assemble": false, "tidy": true, "prune": true} {
		facts = 0
		err := call{script: step, onFact: func(string, string) { facts++ }}.run(t.Context(), many)
		if (err != nil) != fails || !fails && facts != 100_000 {
			t.Errorf("%s: %d facts, %v", step, facts, err)
		}
	}
}

func BenchmarkReadingFacts(b *testing.B) {
	text := chatty{strings.Repeat("history="+strings.Repeat("x", 300)+"\n", 10_000) + "answered=yes\n"}
	for b.Loop() {
		must(b, call{script: "inspect", onFact: func(string, string) {}}.run(b.Context(), text))
	}
}
