package local

import (
	"errors"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// machine returns this machine with a home directory of its own.
func machine(t *testing.T) *Machine {
	t.Helper()
	return New(env(map[string]string{"HOME": t.TempDir(), "PATH": os.Getenv("PATH")}))
}

func env(values map[string]string) func(string) string {
	return func(key string) string { return values[key] }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// output returns what a command prints, without the last line break.
func output(t *testing.T, m *Machine, command string) string {
	t.Helper()
	var out, errs strings.Builder
	if err := m.Exec(t.Context(), command, strings.NewReader(""), &out, &errs); err != nil {
		t.Fatalf("%s: %v %s", command, err, &errs)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	m := machine(t)
	absolute := filepath.Join(t.TempDir(), "a", "b", "manifest.json")
	for _, file := range []string{absolute, "a/b/manifest.json"} {
		_, err := m.ReadFile(t.Context(), file)
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v", err)
		}
		wantError(t, err, "local: "+file+": no such file or directory")
		for _, text := range []string{strings.Repeat("long", 200_000), "short", ""} { // each replaces the one before
			must(t, m.WriteFile(t.Context(), file, []byte(text)))
			if got, err := m.ReadFile(t.Context(), file); err != nil || string(got) != text {
				t.Errorf("%d bytes became %d, %v", len(text), len(got), err)
			}
		}
		wantError(t, m.WriteFile(t.Context(), file+"/below", nil), "local: ", file)
		wantError(t, m.WriteFile(t.Context(), filepath.Dir(file), nil), "local: ", "is a directory")
	}
	if _, err := os.Stat(filepath.Join(m.home, "a/b/manifest.json")); err != nil {
		t.Errorf("a relative name is not below home: %v", err)
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	m := machine(t)
	for size, want := range map[int64]string{maxFile: "", maxFile + 1: "local: large: larger than 67108864 bytes"} {
		must(t, m.WriteFile(t.Context(), "large", nil))
		must(t, os.Truncate(filepath.Join(m.home, "large"), size))
		data, err := m.ReadFile(t.Context(), "large")
		switch {
		case want != "":
			wantError(t, err, want)
		case err != nil || int64(len(data)) != size:
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}
}

// Not parallel: a process that another test is starting holds the listener for a
// moment after it was closed.
func TestConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			io.WriteString(conn, "hello")
			conn.Close()
		}
	}()
	m := machine(t)
	conn, err := m.DialContext(t.Context(), "tcp", l.Addr().String())
	must(t, err)
	if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	must(t, l.Close())
	_, err = m.DialContext(t.Context(), "tcp", l.Addr().String())
	wantError(t, err, "local: nothing accepts connections on "+l.Addr().String())
}

func TestNameAndClose(t *testing.T) {
	t.Parallel()
	m := machine(t)
	if m.Name() != "local" {
		t.Error(m.Name())
	}
	must(t, m.Close())
	must(t, m.Close())
	must(t, m.Exec(t.Context(), "exit 0", strings.NewReader(""), io.Discard, io.Discard)) // Close has closed nothing
}

func TestAnEnvironmentThatSaysNothing(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	must(t, err)
	m := New(env(nil))
	if got := output(t, m, `pwd; echo "$HOME $USER $LOGNAME $SHELL"; command -v ls >&2`); got != me.HomeDir+"\n"+me.HomeDir+" "+me.Username+" "+me.Username+" /bin/sh" {
		t.Errorf("%q", got)
	}
	if got := home(env(nil), &user.User{}); got != "/" {
		t.Errorf("nobody's home is %q", got)
	}
}
