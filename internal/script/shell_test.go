package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// sshd is a machine that counts its sessions and refuses more than most at
// the same time, as an sshd does.
type sshd struct {
	*site
	most int64 // 0: any number

	open, all atomic.Int64
	mu        sync.Mutex
	commands  []string
}

// noMore is the error of a machine that opens no more sessions.
type noMore struct{}

func (noMore) Error() string   { return "no more sessions" }
func (noMore) NoSession() bool { return true }

func (c *sshd) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	defer c.open.Add(-1)
	if n := c.open.Add(1); c.most > 0 && n > c.most {
		return noMore{}
	}
	c.all.Add(1)
	c.mu.Lock()
	c.commands = append(c.commands, command)
	c.mu.Unlock()
	return c.site.Exec(ctx, command, stdin, stdout, stderr)
}

func (c *sshd) shell() *Shell {
	shell := NewShell(c)
	c.t.Cleanup(shell.Close)
	return shell
}

func TestLooksShareOneSession(t *testing.T) {
	t.Parallel()
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			c := &sshd{site: newSite(t)}
			path, err := exec.LookPath(shell[0])
			must(t, err)
			c.command("sh", "exec "+strings.Join(append([]string{path}, shell[1:]...), " ")+` "$@"`)
			h := hostOn(c.shell(), c.Layout, nil)
			for range 3 {
				_, err := h.Probe(t.Context(), []string{unit}, nil)
				must(t, err)
				in, err := h.Inspect(t.Context(), Look{Units: []string{unit}})
				must(t, err)
				if in.Arch == "" || in.Now == 0 || len(in.Units) != 1 {
					t.Errorf("%+v", in)
				}
			}
			if n := c.all.Load(); n != 1 {
				t.Errorf("%d sessions", n)
			}
		})
	}
}

// looking returns a call that runs body in the kept session.
func looking(body string, facts map[string]string, log io.Writer) (call, func(*site)) {
	c := call{script: "probe", log: log, onFact: func(key, value string) { facts[key] = value }}
	return c, func(s *site) { s.edit = withMain(body).edit }
}

func TestAHostWithoutGzipIsToldToGetIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.edit = nil
	s.env = []string{"PATH=" + s.bin, "BASE=" + s.Base}
	path, err := exec.LookPath("sh")
	must(t, err)
	must(t, os.Symlink(path, s.bin+"/sh"))
	shell := NewShell(s)
	t.Cleanup(shell.Close)
	_, err = hostOn(shell, s.Layout, nil).Inspect(t.Context(), Look{Units: []string{unit}})
	wantReason(t, err, "gzip is not installed on this host: install it")
}

// What a script has left running knows nothing of the next one's mark.
func TestALeftoverWriterForgesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.write("x", "go")
	var log strings.Builder
	facts := map[string]string{}
	c, edit := looking(`
		if [ -e "$BASE/go" ]; then
			rm "$BASE/go"
			(sleep 0.2; while [ ! -e "$BASE/stop" ]; do
				printf 'forged=yes\n%sforged=yes\n%sended=0\nended=0\nhalf' "$answer_mark" "$answer_mark" >&3
				printf '%sended\nnoise\nhalf' "$answer_mark" >&2
				sleep 0.01
			done) &
			fact first yes
		else
			sleep 0.6
			fact second yes
			exit 3
		fi`, facts, &log)
	edit(s)
	t.Cleanup(func() { s.write("", "stop") })
	shell := NewShell(s)
	t.Cleanup(shell.Close)
	must(t, c.run(t.Context(), shell))
	if facts["first"] != "yes" {
		t.Errorf("%q", facts)
	}
	clear(facts)
	err := c.run(t.Context(), shell)
	var status interface{ ExitStatus() int }
	if !errors.As(err, &status) || status.ExitStatus() != 3 || len(facts) != 1 || facts["second"] != "yes" {
		t.Errorf("%v, %q", err, facts)
	}
	if !strings.Contains(log.String(), "noise\n") {
		t.Errorf("the log has %q", log.String())
	}
}

// The output of a script comes as it is, whatever it ends with.
func TestTheLogOfAScriptIsItsOwn(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`echo a; echo; echo b`: "a\n\nb\n", `printf 'no end'`: "no end\n", `:`: "", `echo; echo`: "\n\n",
		`printf 'a\n\n'`: "a\n\n", `printf '\n'`: "\n",
	} {
		s := newSite(t)
		var log strings.Builder
		c, edit := looking(body, map[string]string{}, &log)
		edit(s)
		shell := NewShell(s)
		for range 2 {
			log.Reset()
			must(t, c.run(t.Context(), shell))
			if log.String() != want {
				t.Errorf("%s: %q, want %q", body, log.String(), want)
			}
		}
		shell.Close()
	}
}

func TestACancelledLookIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c, edit := looking(`fact began yes; sleep 2; fact late yes`, nil, nil)
	edit(s)
	shell := NewShell(s)
	t.Cleanup(shell.Close)
	ctx, cancel := context.WithCancel(t.Context())
	c.onFact = func(string, string) { cancel() }
	began := time.Now()
	if err := c.run(ctx, shell); !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	edited := withMain(`fact next yes`)
	s.edit = edited.edit
	facts := map[string]string{}
	c.onFact = func(key, value string) { facts[key] = value }
	if err := c.run(t.Context(), shell); err != nil || facts["next"] != "yes" || len(facts) != 1 {
		t.Errorf("the next one: %v, %q", err, facts)
	}
}

func TestASessionThatEndsInTheMiddleIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c, edit := looking(`fact began yes; kill -s KILL $$; sleep 1`, map[string]string{}, nil)
	edit(s)
	shell := NewShell(s)
	t.Cleanup(shell.Close)
	if err := c.run(t.Context(), shell); err == nil {
		t.Error("no error")
	}
	s.edit = withMain(`fact fine yes`).edit
	must(t, c.run(t.Context(), shell))
}

// A change of a host with as few sessions as are possible: one for the lock, and
// one for everything else. With the usual 10, sessions are opened ahead.
func TestFewSessionsAreEnough(t *testing.T) {
	t.Parallel()
	for most, wantAll := range map[int64]int64{2: 6, 10: 3, 0: 3} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			c := &sshd{site: newSite(t), most: most}
			c.write("x", "releases", string(r1), "f")
			shell := c.shell()
			h := hostOn(shell, c.Layout, nil)
			lock, err := h.Lock(t.Context(), Holder{What: "deploy"}, Wait{})
			must(t, err)
			defer lock.Release()
			h.Token = lock.Token
			for _, step := range []struct {
				ahead string
				do    func() error
			}{
				{"prepare activate conclude", func() error { _, err := h.Inspect(t.Context(), Look{Units: []string{unit}}); return err }},
				{"", func() error {
					_, _, err := h.Prepare(t.Context(), r1, key1, Environment{Given: true, Text: "export A=1\n"})
					return err
				}},
				{"", func() error {
					_, err := h.Activate(t.Context(), Switch{Units: []string{unit}, To: release.Activation{ID: r1}, Record: &begun})
					return err
				}},
				{"", func() error { _, err := h.Probe(t.Context(), []string{unit}, nil); return err }},
				{"", func() error { return h.Conclude(t.Context(), begun) }},
			} {
				if step.ahead != "" {
					shell.Ahead(t.Context(), strings.Fields(step.ahead)...)
				}
				must(t, step.do())
			}
			if got, _ := os.Readlink(c.path("current")); got != "releases/"+string(r1) || !strings.Contains(c.read(".slipway", "history.jsonl"), begun.Key) {
				t.Errorf("current is %q", got)
			}
			if n := c.all.Load(); n > wantAll || most == 2 && n <= 3 {
				t.Errorf("%d sessions, want at most %d", n, wantAll)
			}
		})
	}
}

// Without a Shell, as on a build server, a session that is refused is tried again.
func TestARefusedSessionIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := &sshd{site: newSite(t), most: 1}
	c.edit = withMain(`ready; fact got "$(cat)"`).edit
	busy := open(t.Context(), c)
	for c.open.Load() < 1 {
		time.Sleep(time.Millisecond)
	}
	time.AfterFunc(300*time.Millisecond, busy.end)
	var got string
	err := call{script: "stage", input: strings.NewReader("a release"), onFact: func(_, value string) { got = value }}.run(t.Context(), c)
	if err != nil || got != "a release" {
		t.Errorf("%v, %q", err, got)
	}
}

// A session that was opened ahead may be refused, too. The input of its script is
// not lost then.
func TestARefusedSessionLosesNoInput(t *testing.T) {
	t.Parallel()
	c := &sshd{site: newSite(t), most: 2}
	c.edit = withMain(`case $step in stage) ready; fact got "$(cat)" ;; esac`).edit
	shell := c.shell()
	ctx := t.Context()
	must(t, call{script: "probe"}.run(ctx, shell)) // its session is kept
	busy := open(ctx, c)
	for c.open.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	shell.Ahead(ctx, "stage")
	var got string
	err := call{script: "stage", input: strings.NewReader("a release"), onFact: func(_, value string) { got = value }}.run(ctx, shell)
	if err != nil || got != "a release" {
		t.Errorf("%v, %q", err, got)
	}
	busy.end()
}

// A session that was opened ahead gets what a secret needs: its input comes over
// stdin, and what it does is the same.
func TestASessionOpenedAheadRunsItsScript(t *testing.T) {
	t.Parallel()
	for _, ahead := range []bool{false, true} {
		c := &sshd{site: newSite(t)}
		c.write("x", "releases", string(r1), "f")
		shell := c.shell()
		if ahead {
			shell.Ahead(t.Context(), "prepare")
		}
		var log strings.Builder
		h := hostOn(shell, c.Layout, &log)
		a, same, err := h.Prepare(t.Context(), r1, key1, Environment{Given: true, Text: "export A='b c'\n"})
		must(t, err)
		if same || a.Env != key1 || c.read("activations", key1, "environment") != "export A='b c'\n" {
			t.Errorf("ahead %t: %v %t %q", ahead, a, same, c.read("activations", key1, "environment"))
		}
		h.Token = "OTHER"
		if ahead {
			shell.Ahead(t.Context(), "tidy")
		}
		wantFenced(t, h.Tidy(t.Context()), "")
		for _, command := range c.commands {
			if strings.Contains(command, "export") || !strings.HasPrefix(command, shellCommand) {
				t.Errorf("ahead %t: %s", ahead, command)
			}
		}
	}
}

// A text may have any bytes in its compressed form.
func TestAnyBytesReachAShell(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, shell := range shells() {
		cmd := exec.Command(shell[0], append(shell[1:], "-c", `LC_ALL=C; export LC_ALL; while IFS=' ' read -r verb mark words; do printf '%b' "$words"; done`)...)
		cmd.Stdin = strings.NewReader("texts gzip " + escapeBytes(append(all, all...)) + "\n")
		got, err := cmd.Output()
		must(t, err)
		if string(got) != string(all)+string(all) {
			t.Errorf("%v: %q", shell, got)
		}
	}
}

// An input that a script has not read must not be taken for a request.
func TestAScriptThatReadsNoInputEndsItsSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.edit = withMain(`die "not today"`).edit
	shell := NewShell(s)
	t.Cleanup(shell.Close)
	h := hostOn(shell, s.Layout, nil)
	wantReason(t, h.Conclude(t.Context(), begun), "not today")
	s.edit = withMain(`fact fine yes`).edit
	must(t, h.Tidy(t.Context()))
}
