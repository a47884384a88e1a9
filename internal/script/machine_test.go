package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// local is this machine as a Machine. As over SSH, the streams end with the
// context and the script keeps running: what it writes then is an error, as it
// is for the commands of an sshd whose client has gone.
type local struct {
	env    []string
	dir    string // where commands run; over SSH, the home of the user
	hangup bool   // a lost connection also sends SIGHUP, as with a terminal
	edit   func(source string) string
}

type exitStatus int

func (e exitStatus) Error() string   { return fmt.Sprintf("exit status %d", int(e)) }
func (e exitStatus) ExitStatus() int { return int(e) }

func (l local) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	cmd := exec.Command("sh", "-c", command)
	cmd.Env, cmd.Dir = append([]string{"PATH=" + system, "HOME=/nonexistent"}, l.env...), l.dir
	copied, cut, err := pipes(cmd, stdout, stderr)
	if err != nil {
		return err
	}
	defer cut()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if l.edit != nil && strings.HasPrefix(command, shellCommand) {
		stdin = l.editTexts(stdin)
	} else if l.edit != nil {
		r := bufio.NewReader(stdin)
		text, err := readScript(r)
		if err != nil {
			return err
		}
		stdin = io.MultiReader(strings.NewReader(l.edit(text)), r)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		io.Copy(in, stdin)
		in.Close()
	}()
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		copied()
		done <- err
	}()
	select {
	case err := <-done:
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exitStatus(exit.ExitCode())
		}
		return err
	case <-ctx.Done():
		in.Close()
		if l.hangup {
			syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP)
		}
		return ctx.Err()
	}
}

// editTexts edits the texts that a session gets.
func (l local) editTexts(stdin io.Reader) io.Reader {
	r := bufio.NewReader(stdin)
	edited, w := io.Pipe()
	go func() {
		for first := true; ; first = false {
			line, err := r.ReadString('\n')
			text := strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(strings.TrimSuffix(line, "\n"))
			if packed, ok := strings.CutPrefix(line, "texts gzip "); ok {
				line = l.editPacked(packed)
			} else if first || strings.HasPrefix(line, "text ") {
				line = escapeText(l.edit(text)) + "\n"
			}
			if err == nil {
				_, err = io.WriteString(w, line)
			}
			if err == nil && strings.HasPrefix(line, "last ") {
				_, err = io.Copy(w, r)
			}
			if err != nil {
				w.CloseWithError(err)
				return
			}
		}
	}()
	return edited
}

// editPacked edits texts that come compressed.
func (l local) editPacked(line string) (edited string) {
	data, err := exec.Command("sh", "-c", `printf '%b' "$1" | gzip -dc`, "sh", strings.TrimSuffix(line, "\n")).Output()
	if err != nil {
		panic(err)
	}
	for _, assignment := range strings.Split("\n"+string(data), "\ntext_")[1:] {
		name, text, _ := strings.Cut(strings.TrimSuffix(assignment, "\n"), "=")
		text = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(text, "'"), "'"), `'\''`, "'")
		edited += "text " + name + " " + escapeText(l.edit(text)) + "\n"
	}
	return edited
}

// pipes connects a command's output. It returns a function that waits for the
// end of the output, and one that cuts it off.
func pipes(cmd *exec.Cmd, stdout, stderr io.Writer) (copied, cut func(), err error) {
	var all sync.WaitGroup
	var ends []*os.File
	for _, w := range []io.Writer{stdout, stderr} {
		r, end, err := os.Pipe()
		if err != nil {
			return nil, nil, err
		}
		ends = append(ends, r, end)
		all.Go(func() { io.Copy(w, r) })
	}
	cmd.Stdout, cmd.Stderr = ends[1], ends[3]
	copied = func() {
		ends[1].Close()
		ends[3].Close()
		all.Wait()
	}
	return copied, func() {
		for _, end := range ends {
			end.Close()
		}
	}, nil
}

// readScript reads the text of a script without the input that may follow.
func readScript(r *bufio.Reader) (text string, err error) {
	for !strings.HasSuffix(text, lastLines) {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		text += line
	}
	return text, nil
}

// withMain returns a machine that replaces the main of every script, and all
// functions after it.
func withMain(body string) local {
	return local{edit: func(text string) string {
		head, rest, found := strings.Cut(text, "main() {\n")
		if !found {
			return text // a library by itself
		}
		end := max(strings.LastIndex(rest, "start \"$@\""), 0)
		if end == 0 {
			end = len(rest) // a script by itself
		}
		return head + "main() {\n" + body + "\n}\n" + rest[end:]
	}}
}

// site is a host in a temporary directory. Its own commands come before the
// system's. Its scripts look for /usr/local/bin and /opt beside its home.
type site struct {
	local
	release.Layout
	t    *testing.T
	home string
	bin  string
}

const unit = "app.service"

func newSite(t *testing.T) *site {
	dir := t.TempDir()
	s := &site{Layout: release.Layout{Base: filepath.Join(dir, "opt/app")}, t: t, home: filepath.Join(dir, "home"), bin: filepath.Join(dir, "bin")}
	s.env = []string{"PATH=" + s.bin + ":" + system, "HOME=" + s.home, "BASE=" + s.Base}
	s.edit = strings.NewReplacer(" /usr/local/bin/", ` "$HOME"/../usr/local/bin/`, " /opt/", ` "$HOME"/../opt/`).Replace
	s.dir = s.home
	for _, d := range []string{s.bin, s.home, filepath.Join(s.Base, "releases"), s.State()} {
		must(t, os.MkdirAll(d, 0o755))
	}
	s.write("7 "+ours+"\n", ".slipway", "fence")
	s.writeHome("7 "+ours+"\n", BuildDir(app), "fence")
	s.command("sync", "exit 0") // the speed of the disk does not matter here
	s.command("sudo", `[ "$1" = -n ] && shift; [ "$1" != -l ] || exit 0; exec "$@"`)
	s.command("systemctl", `case $1 in
		show) list=${2#--property=}; shift 2; for u in "$@"; do [ "$u" != -- ] || continue; IFS=,
			for p in $list; do v=; [ ! -f "$BASE/$p" ] || read -r v <"$BASE/$p"; echo "$p=$v"; done; echo; done ;;
		*) echo "$* current=$(readlink "$BASE/current") record=$(cat "$BASE/.slipway/change" 2>/dev/null)" >>"$BASE/systemctl.log"
		   ls -l /proc/self/fd >"$BASE/fds.log"; echo "systemctl says=$1"; [ ! -e "$BASE/fail.$1" ] ;;
		esac`)
	return s
}

// ours is the token of the lock that a site's run holds.
const ours = "OURS"

// host returns the scripts of the site. Their output goes to log, unless it is
// nil.
func (s *site) host(log io.Writer) Host {
	shell := NewShell(s)
	s.t.Cleanup(shell.Close)
	return hostOn(shell, s.Layout, log)
}

func hostOn(m Machine, l release.Layout, log io.Writer) Host {
	h := Host{Machine: m, Layout: l, Token: ours}
	if log != nil {
		h.Log = func() io.WriteCloser { return unclosed{log} }
	}
	return h
}

// unclosed is a log that a test reads itself.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// build returns the scripts of a build on the site.
func (s *site) build(j Job, log io.Writer) Build {
	j.Token = ours
	return Build{Machine: s, Job: j, Log: log}
}

// store returns the scripts of the artifacts on the site.
func (s *site) store() Store { return Store{Machine: s, App: app} }

func (s *site) command(name, body string) {
	must(s.t, os.WriteFile(filepath.Join(s.bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755))
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.Base}, parts...)...)
}

func (s *site) write(text string, parts ...string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.path(parts...)), 0o755))
	must(s.t, os.WriteFile(s.path(parts...), []byte(text), 0o644))
}

// read returns the text of a file, or "" if there is none.
func (s *site) read(parts ...string) string {
	data, err := os.ReadFile(s.path(parts...))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(data)
}

func (s *site) entries(parts ...string) []string {
	s.t.Helper()
	list, err := os.ReadDir(s.path(parts...))
	must(s.t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantReason(t *testing.T, err error, words string) {
	t.Helper()
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Reason, words) {
		t.Errorf("error %v, want the reason %q", err, words)
	}
}
