package script

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type answer struct {
	facts map[string]string
	log   string
	ready int
}

func ask(t *testing.T, body string, input io.Reader) (answer, error) {
	t.Helper()
	a := answer{facts: map[string]string{}}
	var log strings.Builder
	c := call{
		script: "probe", args: args{{"given", "a value"}}, input: input, log: &log,
		onFact: func(key, value string) { a.facts[key] = value },
		ready:  func() { a.ready++ },
	}
	err := c.run(t.Context(), withMain(body))
	a.log = log.String()
	return a, err
}

func TestWhatCommandsPrintIsLogAndNoFact(t *testing.T) {
	t.Parallel()
	a, err := ask(t, `echo error=boom; echo ready; echo "forged=yes"; (echo child=yes); sh -c 'echo "grandchild=yes"'; fact given "$given"; echo last=yes >&2`, nil)
	must(t, err)
	if !maps.Equal(a.facts, map[string]string{"given": "a value"}) || a.ready != 0 {
		t.Errorf("facts %q, ready %d", a.facts, a.ready)
	}
	for _, line := range []string{"error=boom\n", "ready\n", "forged=yes\n", "child=yes\n", "grandchild=yes\n", "last=yes\n"} {
		if !strings.Contains(a.log, line) {
			t.Errorf("the log misses %q: %q", line, a.log)
		}
	}
}

func TestAFailingScriptSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"a reason":           {`die "no space in $given"`, "no space in a value"},
		"a reason in a line": {`die "$(printf 'two\nlines=here')"`, "two lines=here"},
		"an empty quotation": {`die "cannot fetch it: $(true)"`, "cannot fetch it: the command gave no reason"},
		"no reason":          {`exit 7`, "probe: exit status 7"},
		"an unset variable":  {`fact x "$nobody"`, "probe: exit status 2"},
		"an unknown line":    {`echo oops >&3`, `unexpected line "oops" in a script's answer`},
		"ready twice":        {`ready; ready`, `unexpected line "ready" in a script's answer`},
		"a line without end": {`head -c 1100000 /dev/zero >&3`, bufio.ErrTooLong.Error()},
	} {
		_, err := ask(t, c.body, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	_, err := ask(t, `die because`, nil)
	var status interface{ ExitStatus() int }
	if !errors.As(err, &status) || status.ExitStatus() != 1 {
		t.Errorf("%v has no exit status 1", err)
	}
}

func TestHalfAFactIsNone(t *testing.T) {
	t.Parallel()
	a, err := ask(t, `fact a 1=2; fact empty ""; printf 'b=1' >&3; exit`, nil)
	if err == nil || !strings.Contains(err.Error(), "the end of its answer is missing") {
		t.Errorf("an answer without its end: %v", err)
	}
	if !maps.Equal(a.facts, map[string]string{"a": "1=2", "empty": ""}) {
		t.Errorf("%q", a.facts)
	}
}

func TestAScriptWithoutInputReadsNothing(t *testing.T) {
	t.Parallel()
	a, err := ask(t, `fact read "$(cat)"`, nil)
	must(t, err)
	if a.facts["read"] != "" {
		t.Errorf("%q", a.facts)
	}
}

// readFunc is an input that a test can observe.
type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestInputIsSentOnlyAfterReady(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	const input = "touch \"$0\"\nexit 3\nerror=boom\n\x00\xff"
	seen := false
	text := strings.NewReader(input)
	c := call{script: "probe", args: args{{"out", out}}, onFact: func(string, string) { seen = true }}
	c.input = readFunc(func(p []byte) (int, error) {
		if !seen {
			t.Error("input was taken before the script was ready for it")
		}
		return text.Read(p)
	})
	must(t, c.run(t.Context(), withMain(`sleep 0.1; fact now ready; ready; cat >"$out"`)))
	if got, err := os.ReadFile(out); err != nil || string(got) != input {
		t.Errorf("%q arrived as %q, %v", input, got, err)
	}
}

func TestAScriptThatIsNeverReadyGetsNoInput(t *testing.T) {
	t.Parallel()
	input := readFunc(func([]byte) (int, error) {
		t.Error("input was taken")
		return 0, io.EOF
	})
	for _, body := range []string{`exit 0`, `die early`} {
		_, err := ask(t, body, input)
		if err == nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnEndedContextEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := call{script: "probe", ready: cancel}
	if err := c.run(ctx, withMain(`ready; exec sleep 1`)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnArgumentThatCannotBeSentNamesItself(t *testing.T) {
	t.Parallel()
	err := hostOn(local{}, newSite(t).Layout, nil).Conclude(t.Context(), record("x"))
	must(t, err)
	_, err = hostOn(local{}, newSite(t).Layout, nil).Lock(t.Context(), Holder{What: "two\nlines"}, Wait{})
	if err == nil || !strings.Contains(err.Error(), "argument holder") {
		t.Error(err)
	}
}
