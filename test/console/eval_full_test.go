//go:build full

package console

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/command"
)

func TestMoreExpressions(t *testing.T) {
	newSite(t).evaluate([]expression{
		{"eval", "System.halt(3)", 3, "", ""},
		{"rpc", `raise "boom"`, 1, "", "boom"},
		{"eval", "IO.puts(\"" + strings.Repeat("x", 50_000) + "\")", 0, strings.Repeat("x", 50_000) + "\n", ""},
	})
}

func TestAnExpressionFromStdin(t *testing.T) {
	s := newSite(t)
	for _, args := range [][]string{{"--verbose", "0", s.host.Addr}, {s.host.Addr, "-", "--verbose=0"}} {
		cmd := s.Command(append([]string{"eval"}, args...)...)
		cmd.Stdin = strings.NewReader("IO.puts(6 * 7)\n")
		if r, err := command.Run(cmd); err != nil || r.Code != 0 || r.Stdout != "42\n" {
			t.Errorf("%q: %+v, %v", args, r, err)
		}
	}
	s.refused(2, []string{"expression: missing"}, []string{"eval", s.host.Addr})
}

func TestAnyLoginShellWillDo(t *testing.T) {
	s := newSite(t)
	defer s.root("usermod --shell /bin/bash deploy")
	for _, shell := range []string{"/usr/bin/fish", "/usr/bin/tcsh", "/bin/dash"} {
		s.root("usermod --shell " + shell + " deploy")
		s.evaluate([]expression{{"rpc", `IO.puts("$HOME 'x' #{1}")`, 0, "$HOME 'x' 1\n", ""}})
	}
	s.root("usermod --shell /usr/bin/fish deploy")
	p := s.console()
	p.types("\x03")
	p.leaves()
}

// An eval whose program is killed does not go on.
func TestNoEvalOutlivesItsProgram(t *testing.T) {
	s := newSite(t)
	cmd := s.Command("eval", s.host.Addr, forever)
	out, err := cmd.StdoutPipe()
	s.Must(err)
	s.Must(cmd.Start())
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	s.Must(cmd.Process.Kill())
	cmd.Wait()
	s.nothingLeft()
}

func TestALogThatNobodyReadsAnyMore(t *testing.T) {
	s := newSite(t)
	cmd := s.Command("logs", s.host.Addr)
	r, other, err := os.Pipe()
	s.Must(err)
	cmd.Stdout = other
	s.Must(cmd.Start())
	other.Close()
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	r.Close() // as head(1) does
	s.OK("rpc", s.host.Addr, `Shop.say("nobody reads this")`)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("%v", cmd.ProcessState)
	}
	s.nothingLeft()
}

// stamped is a log with the same times as one that is followed.
var stamped = regexp.MustCompile(`^(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 build .*\n)+$`)

func TestTheEndOfALog(t *testing.T) {
	s := newSite(t)
	s.OK("rpc", s.host.Addr, `Shop.say("bad \e[2J \u009b\a end")`)
	s.root("journalctl --sync")
	r := s.OK("logs", s.host.Addr, "--follow=false")
	if !strings.Contains(r.Stdout, "shop starts") || r.Stderr != "" || !stamped.MatchString(r.Stdout) {
		t.Errorf("%+v", r)
	}
	p := s.sit(s.Command("logs", "--follow=false", s.host.Addr))
	p.ends(0)
	p.waits("blob data") // journalctl's own care
	if strings.ContainsAny(strings.ReplaceAll(p.screen(), "\r\n", "\n"), "\x1b\r\u009b") {
		t.Errorf("the terminal was told what to do: %q", p.screen())
	}
	s.refused(1, []string{"deploy may not run 'sudo /usr/bin/journalctl", "--unit=ssh.service': run the setup phase, or"}, []string{"logs", s.host.Addr, "--unit", "ssh.service"})
}

func TestMoreOnTheMachineItself(t *testing.T) {
	s := newSite(t)
	p := s.there("rpc local 'IO.puts(Node.self())'; echo status=$?")
	p.waits("shop@127.0.0.1")
	p.ends(0)

	p = s.there("eval local '" + forever + "'")
	p.waits("here")
	p.types("\x03")
	p.ends(130)
	s.nothingLeft()

	p = s.there("logs local")
	p.waits("shop starts")
	p.types("\x03")
	p.ends(0)
	s.nothingLeft()
}
