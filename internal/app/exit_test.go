package app

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/secret"
)

// The parts of the program hide secrets themselves. What they miss ends here.
func TestTheExitHidesWhatOthersMissed(t *testing.T) {
	w := newWorld()
	output, summary := w.step(t)
	out := newExit(w.System, secret.New([]string{"hunter2-hunter2", "600000"}, nil))
	for _, stream := range []io.Writer{out.Stdout, out.Stderr} {
		fmt.Fprint(stream, "a hunter2-")
		fmt.Fprint(stream, "hunter2 b")
	}
	out.json(`{"n": 600000}`)
	out.flush()
	runner := out.runner()
	if err := runner.SetOutput("hosts", `[{"x":"hunter2-hunter2","n":600000}]`); err != nil {
		t.Error(err)
	}
	if err := runner.SetOutput("plain", "[hunter2-hunter2"); err != nil {
		t.Error(err)
	}
	if err := runner.AddSummary("hunter2-hunter2"); err != nil {
		t.Error(err)
	}
	if got := w.out.String() + w.errOut.String(); got != `a *** b{"n": "***"}a *** b` {
		t.Errorf("%q", got)
	}
	var files string
	for _, name := range []string{output, summary} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files += string(text)
	}
	for _, want := range []string{`[{"x":"***","n":"***"}]`, "[***", "***\n"} {
		if !strings.Contains(files, want) || strings.Contains(files, "hunter2") {
			t.Errorf("%q is not in %q", want, files)
		}
	}
}

func TestNoControlCharacterLeavesForATerminal(t *testing.T) {
	far, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	defer tty.Close()
	w := newWorld()
	w.Stdout, w.Stderr, w.Stdin = tty, tty, tty
	out := newExit(w.System, nil)
	lines := bufio.NewReader(far)
	for what, write := range map[string]func(){
		"stdout": func() { fmt.Fprint(out.Stdout, "\x1b[2J\n") },
		"stderr": func() { fmt.Fprint(out.Stderr, "\x1b[2J\n") },
		"JSON":   func() { out.json("\x1b[2J\n") },
	} {
		write()
		if line, err := lines.ReadString('\n'); err != nil || line != `\x1b[2J`+"\r\n" {
			t.Errorf("%s: a terminal gets %q, %v", what, line, err)
		}
	}
	if terminal, err := (inside{exit: out}).tty(); err != nil || terminal.out != tty {
		t.Errorf("a console has %v, %v", terminal.out, err)
	}
}

func TestAFileGetsWhatWasWritten(t *testing.T) {
	w := newWorld()
	out := newExit(w.System, nil)
	fmt.Fprint(out.Stdout, "\x1b[2J\n")
	if w.out.String() != "\x1b[2J\n" {
		t.Errorf("%q", w.out.String())
	}
}

func TestNamesAreNotHidden(t *testing.T) {
	cfg := config.Config{
		App: release.App{Org: "apxr", Name: "apxr_io"}, Layout: release.Layout{Base: "/opt/apxr/apxr_io"},
		Hosts:  []config.Host{{User: "deploy", Host: "web1.example.com", Port: "22"}},
		GitHub: config.GitHub{Environment: "production"}, Service: config.Service{Env: &config.Env{}},
	}
	for _, value := range []string{
		"apxr_io", "example.com", "web1.example.com", "/opt/apxr/apxr_io", "production", "20240101", "20240101T000000", "warning", "superseded", "a-real-secret",
	} {
		cfg.Service.Env.Variables = append(cfg.Service.Env.Variables, config.Variable{Name: "X", Value: value})
	}
	hide := settings{Config: cfg}.hiding(func(string) string { return "" }).Hide
	const text = "::warning::web1.example.com: apxr_io in /opt/apxr/apxr_io of production: 20240101T000000 superseded, a-real-secret"
	if got := hide(text); got != strings.ReplaceAll(text, "a-real-secret", "***") {
		t.Errorf("%s", got)
	}
}

// People export the settings of an application once, for every verb.
func TestSecretsOfOtherVerbsAreHiddenToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("# comment\nexport DATABASE_URL='ecto://shop:hunter2@db/shop'\nKEY<<END\nfirst-line\nsecond-line\nEND\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	w.env["SLIPWAY_ENV_FILE"] = file
	w.env["SLIPWAY_BUILD_ENV"], w.env["SLIPWAY_GIT_TOKEN"] = "HEX_KEY=hex-hex-hex", "ghs_x"
	w.env["SLIPWAY_SETUP_VARS"] = "slipway_cookie: monster-cookie\n"
	set := settings{}.hiding(exported(w.Getenv))
	const text = "ecto://shop:hunter2@db/shop hunter2 second-line hex-hex-hex ghs_x monster-cookie"
	if got := set.Hide(text); got != "*** *** *** *** *** ***" {
		t.Errorf("%s", got)
	}
}

// The verb fails before it connects, and its error shows what was given.
func TestALookInsideHidesSecrets(t *testing.T) {
	w := newWorld("logs", "local", "--app", "apxr/shop", "--unit", "hunter2-hunter2")
	w.env["SLIPWAY_ENV"] = "SECRET=hunter2-hunter2\n"
	w.cli(t, exitUsage, "***")
	if strings.Contains(w.errOut.String(), "hunter2") {
		t.Error(w.errOut.String())
	}
}
