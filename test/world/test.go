// Package world has what tests on hosts share: a test with checks, a person at
// the command line, and an application on some hosts of a lab.
//
// It does not know what a test tries. Each package of tests embeds what it
// needs and adds its own parts.
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

// Says checks that a text contains each of these words literally.
func (t T) Says(text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("it does not say %q:\n%s", word, text)
		}
	}
}

// Matches checks that each of these regular expressions matches in a text.
func (t T) Matches(text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("nothing matches %q:\n%s", pattern, text)
		}
	}
}

// Red checks that a run ended with this exit status and printed each of these
// words.
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

// Until waits for a condition, and ends the test if it never becomes true.
func (t T) Until(what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// Read returns the content of a file on this machine.
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

// Tool runs a program on this machine and returns its output without
// surrounding blanks.
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
