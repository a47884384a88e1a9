package gha

import (
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/progress"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// files returns a runner with its files for outputs and the summary.
func files(t *testing.T, log *strings.Builder) (r *Runner, output, summary string) {
	dir := t.TempDir()
	output, summary = filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	return New(env(map[string]string{"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary}), log), output, summary
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOutputsGoToTheRunnersFile(t *testing.T) {
	var log strings.Builder
	r, output, _ := files(t, &log)
	for name, value := range map[string]string{"release-id": "20240101T000000", "version": "=<<EOF", "revision": ""} {
		if err := r.SetOutput(name, value); err != nil {
			t.Error(err)
		}
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([\w-]+)<<(.+)\n(.*)\n(.+)\n`).FindAllStringSubmatch(read(t, output), -1) {
		if m[2] != m[4] {
			t.Errorf("%q", m[0])
		}
		got[m[1]] = m[3]
	}
	if got["release-id"] != "20240101T000000" || got["version"] != "=<<EOF" || len(got) != 3 || log.Len() > 0 {
		t.Errorf("%q, log %q", got, log.String())
	}
}

func TestAnOutputWithALineBreakIsRefused(t *testing.T) {
	var log strings.Builder
	r, output, _ := files(t, &log)
	for _, value := range []string{"a\nb", "a\rb", "\n", "x\r\nforged<<E\ny\nE", "_GitHubActionsFileCommandDelimeter_"} {
		if err := r.SetOutput("version", value); err == nil {
			t.Errorf("%q was accepted", value)
		}
	}
	if _, err := os.Stat(output); err == nil {
		t.Errorf("written: %q", read(t, output))
	}
}

func TestWithoutTheRunnersFilesThereIsAnErrorAndNoPanic(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"not set":     {},
		"not a file":  {"GITHUB_OUTPUT": t.TempDir(), "GITHUB_STEP_SUMMARY": t.TempDir()},
		"not a place": {"GITHUB_OUTPUT": "/no/such/dir/x", "GITHUB_STEP_SUMMARY": "/no/such/dir/x"},
	} {
		var log strings.Builder
		r := New(env(values), &log)
		if err := r.SetOutput("version", "1"); err == nil || !strings.Contains(err.Error(), "output version") {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.AddSummary("text"); err == nil || !strings.Contains(err.Error(), "job summary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASummaryIsCutBeforeGitHubDropsIt(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		cut  bool
	}{
		"short":      {"### Deployed\n", false},
		"nearly":     {strings.Repeat("x", 1<<20-1024), false},
		"too long":   {strings.Repeat("x", 1<<20), true},
		"much":       {strings.Repeat("x", 5<<20), true},
		"multi-byte": {strings.Repeat("☃", 1<<20), true},
	} {
		var log strings.Builder
		r, _, summary := files(t, &log)
		if err := r.AddSummary(c.text); err != nil {
			t.Fatal(err)
		}
		got := read(t, summary)
		if len(got) > 1<<20 || !utf8.ValidString(got) || strings.Contains(got, "(cut: ") != c.cut || !c.cut && got != c.text+"\n" {
			t.Errorf("%s: %d bytes, ends %q", name, len(got), got[max(0, len(got)-80):])
		}
		if c.cut && len(got) < 1<<20-4096 {
			t.Errorf("%s: cut down to %d bytes", name, len(got))
		}
	}
}

// actionsRunner reads a step's log as actions/runner does (ActionCommand.cs,
// ActionCommandManager.cs) and keeps the commands that it acts on.
type actionsRunner struct {
	stop        string
	acted       []string
	text        []string
	annotations []annotation // only those with the syntax ::name key=value::message
}

// annotation is an error, warning or notice as the runner parses it.
type annotation struct {
	kind       string
	properties map[string]string
	message    string
}

func (a annotation) equal(b annotation) bool {
	return a.kind == b.kind && maps.Equal(a.properties, b.properties) && a.message == b.message
}

var (
	unescapeData     = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	unescapeProperty = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
)

// annotate parses the text between the colons, and the message.
func (a *actionsRunner) annotate(info, data string) {
	name, list, _ := strings.Cut(info, " ")
	if !slices.Contains([]string{"error", "warning", "notice"}, name) {
		return
	}
	properties := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			properties[key] = unescapeProperty.Replace(value)
		}
	}
	a.annotations = append(a.annotations, annotation{name, properties, unescapeData.Replace(data)})
}

var known = []string{
	"set-output", "save-state", "set-env", "add-path", "add-mask", "error", "warning", "notice", "debug", "group", "endgroup", "echo",
	"stop-commands", "add-matcher", "remove-matcher", "internal-set-repo-path",
}

func (a *actionsRunner) run(log string) {
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(log), "\n") {
		info, data, ok := a.parse(line)
		name, _, _ := strings.Cut(info, " ")
		switch {
		case ok && a.stop != "" && strings.EqualFold(name, a.stop):
			a.stop = ""
		case !ok || a.stop != "":
			a.text = append(a.text, line)
		case name == "stop-commands":
			a.stop = data
		default:
			a.acted = append(a.acted, name+" "+unescapeData.Replace(data))
			a.annotate(info, data)
		}
	}
}

func (a *actionsRunner) parse(line string) (info, data string, ok bool) {
	if s, found := strings.CutPrefix(strings.TrimLeft(line, " \t"), "::"); found {
		if info, data, found := strings.Cut(s, "::"); found {
			if name, _, _ := strings.Cut(info, " "); a.knows(name) {
				return info, data, true
			}
		}
	}
	if _, s, found := strings.Cut(line, "##["); found { // anywhere in the line
		if info, data, found := strings.Cut(s, "]"); found {
			name, _, _ := strings.Cut(info, " ")
			return info, data, a.knows(name)
		}
	}
	return "", "", false
}

func (a *actionsRunner) knows(name string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) || a.stop != "" && strings.EqualFold(name, a.stop)
}

var evil = []string{
	"::set-output name=release-id::evil", "::error::evil", "  ::warning file=x::evil", "##[error]evil", "text ##[set-env name=PATH]evil",
	"::add-mask::evil", "::stop-commands::evil", "::endgroup::", "::evil::", "a\r::error::evil", "##[stop-commands]evil", "%0A::error::evil", "100% ok %s",
}

func TestTheRunnerOfThisTestActsOnThem(t *testing.T) {
	acting := 0
	for _, line := range evil {
		a := &actionsRunner{}
		a.run(line)
		if len(a.acted) > 0 || a.stop != "" {
			acting++
		}
	}
	if acting != 10 {
		t.Errorf("%d of the lines are commands: the next test proves less than it says", acting)
	}
}

func TestTheRunnerNeverActsOnALine(t *testing.T) {
	var log strings.Builder
	r := New(env(nil), &log)
	r.Group("Deploy")
	for _, line := range evil {
		r.Line(line)
	}
	r.Error("real")
	for _, line := range evil {
		r.Line(line)
	}
	r.EndGroup()
	r.Line("::error::evil")
	r.Group("Next\n::error::evil")
	r.Notice("fine\n::error::evil\r\n##[error]evil 100%")
	r.Line("::error::evil")
	r.Warning("so\n::error::evil 100%")
	r.Line("last")
	r.Close()
	log.WriteString("::notice::after\n")

	a := &actionsRunner{}
	a.run(log.String())
	want := []string{"group Deploy", "error real", "endgroup ", "group Next\n::error::evil", "notice fine\n::error::evil\r\n##[error]evil 100%", "warning so\n::error::evil 100%", "notice after"}
	if !slices.Equal(a.acted, want) || a.stop != "" {
		t.Errorf("acted on %q\nwant     %q\nstopped by %q", a.acted, want, a.stop)
	}
	for _, line := range evil {
		if line != "a\r::error::evil" && !slices.Contains(a.text, line) {
			t.Errorf("%q is not in the log as it is", line)
		}
	}
}

func TestEveryFenceHasItsOwnToken(t *testing.T) {
	var log strings.Builder
	r := New(env(nil), &log)
	tokens := map[string]bool{}
	for range 10 {
		r.Line("x")
		if len(r.fence) < 20 || tokens[r.fence] {
			t.Errorf("token %q", r.fence)
		}
		tokens[r.fence] = true
		r.EndGroup()
	}
	r.Close()
	r.Close()
	if n := strings.Count(log.String(), "stop-commands"); n != 10 {
		t.Errorf("%d fences", n)
	}
}

func TestAnnotationsAreClipped(t *testing.T) {
	for _, c := range []struct {
		message string
		clipped bool
	}{{"short", false}, {strings.Repeat("x", 4096), false}, {strings.Repeat("x", 4097), true}, {strings.Repeat("☃", 4096), true}} {
		var log strings.Builder
		r := New(env(nil), &log)
		r.Error(c.message)
		r.Warning(c.message)
		r.Notice(c.message)
		a := &actionsRunner{}
		a.run(log.String())
		for _, got := range a.acted {
			_, message, _ := strings.Cut(got, " ")
			if len(message) > 4096 || len(message) < min(4000, len(c.message)) || !utf8.ValidString(message) || strings.HasSuffix(message, " [...]") != c.clipped {
				t.Errorf("%d bytes became %d, ending %q", len(c.message), len(message), message[max(0, len(message)-10):])
			}
		}
		if len(a.acted) != 3 {
			t.Errorf("%q", a.acted)
		}
		if whole := slices.Contains(a.text, "error: "+c.message); whole != c.clipped {
			t.Errorf("%d bytes: the log has the whole error: %v", len(c.message), whole)
		}
	}
}

func TestInputs(t *testing.T) {
	r := New(env(map[string]string{"INPUT_HOSTS": " web1\nweb2 ", "INPUT_SSH-KEY": "x"}), os.Stderr)
	for name, want := range map[string]string{"hosts": "web1\nweb2", "ssh-key": "x", "none": ""} {
		if got := r.Input(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestRun(t *testing.T) {
	base := map[string]string{
		"GITHUB_REPOSITORY": "apxr/apxr_io", "GITHUB_RUN_ID": "42", "GITHUB_ACTOR": "bot", "GITHUB_SHA": "abc", "GITHUB_REF": "refs/heads/main",
	}
	for name, c := range map[string]struct {
		more map[string]string
		want Run
	}{
		"github.com": {
			map[string]string{"GITHUB_SERVER_URL": "https://github.com"},
			Run{"https://github.com/apxr/apxr_io/actions/runs/42", "https://api.github.com", "apxr/apxr_io", "https://github.com/apxr/apxr_io", "bot", "git@github.com:apxr/apxr_io.git", "https://github.com/apxr/apxr_io.git", "abc", "refs/heads/main"},
		},
		"no server named": {nil, Run{"https://github.com/apxr/apxr_io/actions/runs/42", "https://api.github.com", "apxr/apxr_io", "https://github.com/apxr/apxr_io", "bot", "git@github.com:apxr/apxr_io.git", "https://github.com/apxr/apxr_io.git", "abc", "refs/heads/main"}},
		"an Enterprise Server, run again by somebody": {
			map[string]string{"GITHUB_SERVER_URL": "https://git.example.com:8443", "GITHUB_API_URL": "https://git.example.com:8443/api/v3", "GITHUB_TRIGGERING_ACTOR": "ann"},
			Run{"https://git.example.com:8443/apxr/apxr_io/actions/runs/42", "https://git.example.com:8443/api/v3", "apxr/apxr_io", "https://git.example.com:8443/apxr/apxr_io", "ann", "git@git.example.com:apxr/apxr_io.git", "https://git.example.com:8443/apxr/apxr_io.git", "abc", "refs/heads/main"},
		},
	} {
		values := map[string]string{}
		for _, m := range []map[string]string{base, c.more} {
			for k, v := range m {
				values[k] = v
			}
		}
		if got, err := New(env(values), os.Stderr).Run(); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWithoutARunnerThereIsNoRun(t *testing.T) {
	for _, values := range []map[string]string{
		{}, {"GITHUB_SERVER_URL": "https://github.com"}, {"GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "github.com"}, {"GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "://"},
	} {
		if run, err := New(env(values), os.Stderr).Run(); err == nil || !strings.Contains(err.Error(), "not a workflow step") {
			t.Errorf("%v: %+v, %v", values, run, err)
		}
	}
}

// No text of a branch, a commit message, a version or a host makes the runner act
// on a command that Slipway did not issue.
func TestNoValueForgesACommandOrAnOutput(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	parts := append(slices.Clone(evil), "\n", "\r", "\r\n", "_GitHubActionsFileCommandDelimeter_", "x<<E\nevil\nE", "::", "##[", "]", "%", "%25", "%0D", "\u2028", "\x00", "\x85", " ", "\t", "stop-commands", "☃")
	for range 3000 {
		value := ""
		for range 1 + random.IntN(5) {
			value += parts[random.IntN(len(parts))]
		}
		var log strings.Builder
		r, output, _ := files(t, &log)
		l := progress.New(r)
		l.Say("web1", "%s", value)
		end := l.Phase("%s", value)
		out := l.Output("web1")
		io.WriteString(out, value)
		out.Close()
		l.Annotate(progress.Annotation{Severity: "warning", File: value, Line: 1, Title: value, Message: value})
		l.Notice(value)
		l.Warning(value)
		l.Error(value)
		l.Say("", "%s", value)
		end()
		refused := r.SetOutput("version", value)
		r.Close()

		a := &actionsRunner{}
		a.run(log.String())
		var names []string
		for _, acted := range a.acted {
			name, _, _ := strings.Cut(acted, " ")
			names = append(names, name)
		}
		if want := []string{"group", "warning", "notice", "warning", "error", "endgroup"}; !slices.Equal(names, want) || a.stop != "" {
			t.Fatalf("%q: the runner acts on %q", value, a.acted)
		}
		data, err := os.ReadFile(output)
		if broken := strings.ContainsAny(value, "\r\n") || value == delimiter; broken != (refused != nil) || !broken && (err != nil || strings.Count(string(data), "\n") != 3) {
			t.Fatalf("%q: %v, %q", value, refused, data)
		}
	}
}
