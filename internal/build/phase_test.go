package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/script"
)

func TestAPhaseThatIsSilentForLongSaysThatItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told paper
		b := &build{log: progress.New(&told)}
		err := b.phase(t.Context(), "Dependencies", func(_ context.Context, out io.Writer) error {
			time.Sleep(19 * time.Second)
			fmt.Fprintln(out, "Compiling 40 files")
			time.Sleep(12 * time.Second)
			return nil
		})
		must(t, err)
		time.Sleep(time.Minute)
		want := paper{
			"group Dependencies", "still in Dependencies: 10 s, silent for 10 s", "build | Compiling 40 files",
			"still in Dependencies: 29 s, silent for 10 s",
		}
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}

// tracing is a build server that records the traces of scripts.
type tracing struct {
	Host
	told *[]string
}

func (s tracing) Exec(_ context.Context, command string, _ io.Reader, stdout, _ io.Writer) error {
	_, err := io.WriteString(stdout, strings.Fields(command)[3]+"began\nanswered=yes\n")
	return err
}

func (s tracing) Traced(step, what string) { *s.told = append(*s.told, step+": "+what) }

func TestABuildHandsOnWhatItsScriptsAre(t *testing.T) {
	var told []string
	b := &build{Host: tracing{told: &told}, job: script.Job{App: app, ID: r1}}
	must(t, b.on(b, nil).Discard(t.Context()))
	if len(told) != 2 || told[0] != "discard: runs with token= app=apxr/apxr_io id="+string(r1) {
		t.Errorf("%q", told)
	}
}

func TestACancelledBuildSaysWhereItWas(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&script.Error{Step: "tools", Err: context.Canceled}, `the build was cancelled while it was at "Tools": nothing of it is kept`},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), `the build took too long, and was ended while it was at "Tools": nothing of it is kept`},
		{errors.New("no room"), "no room"},
	} {
		b := &build{log: progress.New(&paper{})}
		err := b.phase(t.Context(), "Tools", func(context.Context, io.Writer) error { return c.err })
		if err.Error() != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if cancelled("", nil) != nil {
		t.Error("what has succeeded was not cancelled")
	}
}
