package console

import (
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"github.com/apxr/slipway/test/command"
)

const prompt = "iex(shop@127.0.0.1)"

func (w *world) console(args ...string) *person {
	w.Helper()
	p := w.sit(w.command(append([]string{"console", w.host.Addr}, args...)...))
	p.waits(prompt)
	return p
}

func TestAConsole(t *testing.T) {
	w := newWorld(t)
	p := w.console()
	p.types("node()\r")
	p.waits(":\"shop@127.0.0.1\"")
	p.types(":io.columns()\r")
	p.waits("{:ok, 120}")
	w.must(pty.Setsize(p.tty, &pty.Winsize{Rows: 50, Cols: 133}))
	w.must(p.cmd.Process.Signal(syscall.SIGWINCH))
	p.types("Enum.any?(1..200, fn _ -> Process.sleep(50); :io.columns() == {:ok, 133} end) && {:is, 100 + 33}\r")
	p.waits("{:is, 133}")
	p.types("Process.sleep(60_000)\r\x03") // Ctrl-C is the far side's
	p.waits("BREAK: (a)bort")
	p.types("a\r")
	p.ends(0)
	p.cooked()
	w.nothingLeft()
}

func TestAConsoleThatIsEnded(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]struct {
		do   func(*person)
		code int
		says string
	}{
		"SIGTERM":                 {func(p *person) { w.must(p.cmd.Process.Signal(syscall.SIGTERM)) }, 143, ""},
		"the closing of a window": {func(p *person) { w.must(p.cmd.Process.Signal(syscall.SIGHUP)) }, 129, ""},
		"a lost connection":       {func(p *person) { w.root("pkill -u deploy -x sshd") }, 1, "the connection was lost"},
	} {
		p := w.console()
		end.do(p)
		p.ends(end.code)
		p.waits(end.says)
		p.cooked()
		w.nothingLeft()
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAConsoleNeedsATerminal(t *testing.T) {
	w := newWorld(t)
	w.red(1, w.run("console"), "a console needs a terminal", "slipway rpc")
}

func TestWhatKeepsAPersonOut(t *testing.T) {
	w := newWorld(t)
	const wrapper = "/usr/local/lib/slipway/shop"
	mend := "true"
	for _, c := range []struct{ verb, spoil, mend, says string }{
		{"eval", "mv " + wrapper + " /tmp/wrapper", "mv /tmp/wrapper " + wrapper, wrapper + " is not there: run the setup phase with slipway_allow_console: true"},
		{"eval", "chmod g+w " + wrapper, "chmod g-w " + wrapper, wrapper + " can be written by others than root (UID 0, mode 0775)"},
		{"rpc", "mv /etc/sudoers.d/slipway-shop-console /tmp/rules", "mv /tmp/rules /etc/sudoers.d/slipway-shop-console", "deploy may not run 'sudo -u shop " + wrapper + " rpc': run the setup phase with slipway_allow_console: true"},
		{"eval", "mv /opt/apxr/shop/current /tmp/current", "mv /tmp/current /opt/apxr/shop/current", "nothing is deployed in /opt/apxr/shop"},
	} {
		w.root(mend + " && " + c.spoil)
		mend = c.mend
		r := w.run(c.verb, "IO.puts(1)")
		w.red(1, r, w.host.Addr+": "+c.says)
		if n := strings.Count(r.Stderr, "\n"); n != 1 {
			t.Errorf("%s: %d lines for one mistake:\n%s", c.spoil, n, r.Stderr)
		}
	}
	w.root(mend)
	w.red(1, w.run("eval", "1", "--units", "none.service"), "there is no unit none.service")
	w.root("systemctl stop shop")
	w.red(1, w.run("rpc", "1"), "shop.service is inactive: rpc needs the running node")
	w.root("systemctl start shop; for _ in $(seq 100); do epmd -names | grep -q '^name shop ' && exit; sleep 0.1; done; exit 1")
}

// Whoever may use sudo anyhow needs no rule of the setup phase's, and need not see
// into the application's directory.
func TestAnAdminLogsInAsHimself(t *testing.T) {
	w := newWorld(t)
	w.root(`useradd --create-home --shell /bin/bash --password '*' alice
		install -d -m 0700 -o alice -g alice /home/alice/.ssh
		install -m 0600 -o alice -g alice /root/.ssh/authorized_keys /home/alice/.ssh/
		echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice`)
	for _, name := range []string{"alice", "root"} {
		cmd := w.command("rpc", name+"@"+w.host.Addr, "IO.puts(Node.self())", "--ssh-key-file", w.lab.AdminKeyPath())
		if r, err := command.Run(cmd); err != nil || r.Code != 0 || r.Stdout != "shop@127.0.0.1\n" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
