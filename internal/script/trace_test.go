package script

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// teller is a machine that prints a given text and keeps the traces of its
// scripts.
type teller struct {
	stdout string
	err    error
	told   []string
}

func (m *teller) Exec(_ context.Context, command string, _ io.Reader, stdout, _ io.Writer) error {
	io.WriteString(stdout, beginning(command)+m.stdout+"answered=yes\n")
	return m.err
}

var seconds = regexp.MustCompile(`\d+\.\d\d s`)

func (m *teller) Traced(step, what string) {
	m.told = append(m.told, step+": "+seconds.ReplaceAllString(what, "0.00 s"))
}

func TestATracerIsToldOfAScript(t *testing.T) {
	t.Parallel()
	facts := func(n int) (s string) {
		for i := range n {
			s += fmt.Sprintf("listing=%d\n", i+1)
		}
		return s
	}
	lines := func(n int) (told []string) {
		for line := range strings.Lines(facts(n)) {
			told = append(told, strings.TrimSpace(line))
		}
		return told
	}
	for name, c := range map[string]struct {
		args   args
		stdout string
		err    error
		want   []string // without the name
	}{
		"no arguments, no facts": {nil, "", nil, []string{"runs"}},
		"arguments":              {args{{"base", "/opt/apxr/apxr_io"}, {"units", "a.service b.service"}, {"env", ""}}, "ready\nkey=value\n", nil, []string{"runs with base=/opt/apxr/apxr_io units=a.service b.service env=", "ready", "key=value"}},
		"it fails":               {args{{"id", "1"}}, "error=it does not work\n", exitStatus(1), []string{"runs with id=1", "error=it does not work"}},
		"fifty facts":            {nil, facts(50), nil, append([]string{"runs"}, lines(50)...)},
		"very many":              {nil, facts(3000), nil, append(append([]string{"runs"}, lines(50)...), "... and 2950 more")},
	} {
		m := &teller{stdout: c.stdout, err: c.err}
		if err := (call{script: "probe", args: c.args}).run(t.Context(), m); (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		var want []string
		for _, line := range append(c.want, "ended after 0.00 s") {
			want = append(want, "probe: "+line)
		}
		if !slices.Equal(m.told, want) {
			t.Errorf("%s: %q", name, m.told)
		}
	}
}

func TestATracerIsToldOfAnExport(t *testing.T) {
	t.Parallel()
	m := &teller{stdout: "ready\nthe release, which is no facts\n"}
	if err := (Store{Machine: m, App: app, Log: io.Discard}).Export(t.Context(), "20240101T000000", nil, io.Discard); err != nil {
		t.Error(err)
	}
	if want := []string{"export: runs with app=" + app.String() + " id=20240101T000000 all=yes", "export: ready", "export: ended after 0.00 s"}; !slices.Equal(m.told, want) {
		t.Errorf("%q", m.told)
	}
}

// Secrets are sent as input, which no tracer gets.
func TestATracerIsNotToldTheInput(t *testing.T) {
	t.Parallel()
	m := &teller{stdout: "ready\n"}
	env := []Variable{{"PASSWORD", "s3cret"}}
	if err := (Build{Machine: m, Job: Job{Env: env}, Log: io.Discard}).CompileDeps(t.Context(), Paths{}, "1.16.3"); err != nil {
		t.Error(err)
	}
	if told := strings.Join(m.told, "\n"); strings.Contains(told, "s3cret") || strings.Contains(told, "PASSWORD") || len(m.told) != 3 {
		t.Errorf("%s", told)
	}
}

func TestALongArgumentIsToldInPart(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"two\nlines":                         ` with x=two\nlines y=`,
		strings.Repeat("x", 300):             " with x=" + strings.Repeat("x", 300) + " y=",
		strings.Repeat("x", 301):             " with x=" + strings.Repeat("x", 300) + "... y=",
		strings.Repeat("☃", 200):             " with x=" + strings.Repeat("☃", 100) + "... y=",
		"a" + strings.Repeat("☃", 100) + "x": " with x=a" + strings.Repeat("☃", 99) + "... y=",
	} {
		if got := (args{{"x", value}, {"y", ""}}).told(); got != want {
			t.Errorf("%q", got)
		}
	}
}
