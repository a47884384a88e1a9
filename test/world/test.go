// Package world is the ground that tests on hosts share: a test with its checks,
// somebody at the command line, and an application on some hosts of a lab.
//
// It does not know what a test tries. Each package of tests embeds what it needs
// and adds what is its own.
package world

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/command"
)

// T is a test with the checks that tests of the command line share.
type T struct{ *testing.T }

// Must ends the test if there is an error.
func (t T) Must(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Says checks that a text has each of these words as they are.
func (t T) Says(text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("it does not say %q:\n%s", word, text)
		}
	}
}

// Matches checks that each of these regular expressions matches a part of a text.
func (t T) Matches(text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("nothing matches %q:\n%s", pattern, text)
		}
	}
}

// Red checks that a run ended with this exit status and says each of these words.
func (t T) Red(code int, r command.Result, words ...string) {
	t.Helper()
	if r.Code != code {
		t.Errorf("exit %d, want %d", r.Code, code)
	}
	t.Says(r.Said(), words...)
}

// patience bounds the wait for a condition. It is far more than any machine
// needs: a test must not fail because other tests run at the same time.
const patience = 5 * time.Minute

// Until waits for a condition, and ends the test if it does not come true.
func (t T) Until(what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// Read returns the content of a file of this machine.
func (t T) Read(path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	t.Must(err)
	return string(data)
}

// File writes a text to a new file and returns its path.
func (t T) File(text string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "text")
	t.Must(err)
	_, err = f.WriteString(text)
	t.Must(err)
	t.Must(f.Close())
	return f.Name()
}

// Tool runs a program of this machine and returns what it prints, without the
// blanks around it.
func (t T) Tool(name string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
