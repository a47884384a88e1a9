package console

import (
	"syscall"
	"testing"

	"github.com/creack/pty"
)

const prompt = "iex(shop@127.0.0.1)"

func (s *site) console() *person {
	s.Helper()
	p := s.sit(s.Command("console", s.host.Addr))
	p.waits(prompt)
	return p
}

// leaves ends a console as a person does who is used to Erlang.
func (p *person) leaves() {
	p.Helper()
	p.waits("BREAK: (a)bort")
	p.types("a\r")
	p.ends(0)
}

func TestAConsole(t *testing.T) {
	s := newSite(t)
	p := s.console()
	p.types("node()\r")
	p.waits(":\"shop@127.0.0.1\"")
	p.types(":io.columns()\r")
	p.waits("{:ok, 120}")
	s.Must(pty.Setsize(p.tty, &pty.Winsize{Rows: 50, Cols: 133}))
	s.Must(p.cmd.Process.Signal(syscall.SIGWINCH))
	p.types("Enum.any?(1..200, fn _ -> Process.sleep(50); :io.columns() == {:ok, 133} end) && {:is, 100 + 33}\r")
	p.waits("{:is, 133}")
	p.types("Process.sleep(60_000)\r\x03") // Ctrl-C is the far side's
	p.leaves()
	p.cooked()
	s.nothingLeft()
}

func TestAConsoleThatLosesItsConnection(t *testing.T) {
	s := newSite(t)
	p := s.console()
	s.root("pkill -u deploy -x sshd")
	p.ends(1)
	p.waits("the connection was lost")
	p.cooked()
	s.nothingLeft()
}

func TestWhatKeepsAPersonOut(t *testing.T) {
	s := newSite(t)
	const wrapper = "/usr/local/lib/slipway/shop"
	s.keptOut([]obstacle{
		{"eval", "mv " + wrapper + " /tmp/wrapper", "mv /tmp/wrapper " + wrapper, wrapper + " is not there: run the setup phase with slipway_allow_console: true"},
		{"rpc", "mv /etc/sudoers.d/slipway-shop-console /tmp/rules", "mv /tmp/rules /etc/sudoers.d/slipway-shop-console", "deploy may not run 'sudo -u shop " + wrapper + " rpc': run the setup phase with slipway_allow_console: true"},
	})
	s.refused(1, []string{"a console needs a terminal", "slipway rpc"}, []string{"console", s.host.Addr})
}

// obstacle is something that is wrong on the host, and what is said of it.
type obstacle struct{ verb, spoil, repair, says string }

// keptOut checks that each obstacle is named on a line of its own.
func (s *site) keptOut(by []obstacle) {
	s.Helper()
	for _, o := range by {
		s.root(o.spoil)
		r := s.refused(1, []string{s.host.Addr + ": " + o.says}, []string{o.verb, s.host.Addr, "IO.puts(1)"})
		s.root(o.repair)
		if lines := len(splitLines(r.Stderr)); lines != 1 {
			s.Errorf("%s: %d lines for one mistake:\n%s", o.spoil, lines, r.Stderr)
		}
	}
}
