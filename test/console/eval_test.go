package console

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/command"
)

func TestEvalAndRPC(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		verb, expression string
		code             int
		out, errs        string
	}{
		{"rpc", "IO.puts(Node.self())", 0, "shop@127.0.0.1\n", ""},
		{"eval", `IO.puts(System.get_env("GREETING"))`, 0, "\"hello\" $HOME `id`\n", ""},
		{"eval", "x = \"it's \\\"#{1}\\\" $HOME `id` ü \\\\\"\nIO.puts(x)\n# %s %b \\101", 0, "it's \"1\" $HOME `id` ü \\\n", ""},
		{"eval", "System.halt(3)", 3, "", ""},
		{"eval", `IO.write("before"); IO.puts(:stderr, "aside"); raise "boom"`, 1, "before", "aside\n** (RuntimeError) boom"},
		{"rpc", `raise "boom"`, 1, "", "boom"},
		{"eval", "IO.puts(\"" + strings.Repeat("x", 50_000) + "\")", 0, strings.Repeat("x", 50_000) + "\n", ""},
	} {
		r := w.run(c.verb, c.expression)
		if r.Code != c.code || r.Stdout != c.out || !strings.Contains(r.Stderr, c.errs) || c.errs == "" && r.Stderr != "" {
			t.Errorf("%s %.100s: exit %d, stdout %.100q, stderr %.300q", c.verb, c.expression, r.Code, r.Stdout, r.Stderr)
		}
	}
	w.nothingLeft()
}

func TestAnExpressionFromStdin(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{"--verbose", "0", w.host.Addr}, {w.host.Addr, "-", "--verbose=0"}} {
		cmd := w.command(append([]string{"eval"}, args...)...)
		cmd.Stdin = strings.NewReader("IO.puts(6 * 7)\n")
		if r, err := command.Run(cmd); err != nil || r.Code != 0 || r.Stdout != "42\n" {
			t.Errorf("%q: %+v, %v", args, r, err)
		}
	}
	w.red(2, w.run("eval"), "expression: missing")
}

func TestAnyLoginShellWillDo(t *testing.T) {
	w := newWorld(t)
	defer w.root("usermod --shell /bin/bash deploy")
	for _, shell := range []string{"/usr/bin/fish", "/usr/bin/tcsh", "/bin/dash"} {
		w.root("usermod --shell " + shell + " deploy")
		r := w.run("rpc", `IO.puts("$HOME 'x' #{1}")`)
		if r.Code != 0 || r.Stdout != "$HOME 'x' 1\n" || r.Stderr != "" {
			t.Errorf("%s: %+v", shell, r)
		}
	}
	w.root("usermod --shell /usr/bin/fish deploy")
	p := w.console()
	p.types("\x03")
	p.waits("BREAK: (a)bort")
	p.types("a\r")
	p.ends(0)
}

func TestCtrlCEndsAnEvalOnTheHostToo(t *testing.T) {
	w := newWorld(t)
	p := w.sit(w.command("eval", w.host.Addr, `IO.puts("here"); Process.sleep(:infinity)`))
	p.waits("here")
	// No program but the release's own was given the expression.
	if users := w.root(`for p in $(pgrep -f 'slee[p].:infinity'); do ps -o user= -p $p; done | sort -u`); users != "shop" {
		t.Errorf("the expression stands in the arguments of processes of %q", users)
	}
	p.types("\x03")
	p.ends(130)
	w.nothingLeft()

	// Nor does one stay that nobody can end from a terminal.
	cmd := w.command("eval", w.host.Addr, `IO.puts("here"); Process.sleep(:infinity)`)
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	w.must(cmd.Process.Kill())
	cmd.Wait()
	w.nothingLeft()
}

func TestALogThatIsFollowed(t *testing.T) {
	w := newWorld(t)
	p := w.sit(w.command("logs", w.host.Addr))
	p.waits("shop starts")
	w.run("rpc", `Shop.say("something new")`)
	p.waits("something new")
	p.types("\x03")
	p.ends(0)
	p.cooked()
	w.nothingLeft()

	cmd := w.command("logs", w.host.Addr)
	r, other, err := os.Pipe()
	w.must(err)
	cmd.Stdout = other
	w.must(cmd.Start())
	other.Close()
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	r.Close() // as head(1) does
	w.run("rpc", `Shop.say("nobody reads this")`)
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("%v", cmd.ProcessState)
	}
	w.nothingLeft()
}

// stamped is a log with the same times as one that is followed.
var stamped = regexp.MustCompile(`^(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 build .*\n)+$`)

func TestTheEndOfALog(t *testing.T) {
	w := newWorld(t)
	w.run("rpc", `Shop.say("bad \e[2J \u009b\a end")`)
	w.root("journalctl --sync")
	r := w.run("logs", "--follow=false")
	if r.Code != 0 || !strings.Contains(r.Stdout, "shop starts") || r.Stderr != "" || !stamped.MatchString(r.Stdout) {
		t.Errorf("%+v", r)
	}
	p := w.sit(w.command("logs", "--follow=false", w.host.Addr))
	p.ends(0)
	p.waits("blob data") // journalctl's own care
	if strings.ContainsAny(strings.ReplaceAll(p.screen(), "\r\n", "\n"), "\x1b\r\u009b") {
		t.Errorf("the terminal was told what to do: %q", p.screen())
	}
	w.red(1, w.run("logs", "--unit", "ssh.service"), "deploy may not run 'sudo /usr/bin/journalctl", "--unit=ssh.service': run the setup phase, or")
}

// On the machine itself nothing is between the person's terminal and sudo.
func TestTheMachineItself(t *testing.T) {
	w := newWorld(t)
	path, err := command.Program()
	w.must(err)
	data, err := os.ReadFile(path)
	w.must(err)
	w.must(os.WriteFile(w.host.Root()+"/usr/local/bin/slipway", data, 0o755))
	there := func(words string) *person {
		cmd := w.command()
		cmd.Path, cmd.Args = "/usr/bin/ssh", []string{
			"ssh", "-tt", "-i", w.lab.DeployKeyPath(), "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + w.lab.KnownHostsPath(),
			"deploy@" + w.host.Addr, "SLIPWAY_APP=apxr/shop exec slipway " + words,
		}
		return w.sit(cmd)
	}
	p := there("console local")
	p.waits(prompt)
	p.types("Process.sleep(60_000)\r\x03")
	p.waits("BREAK: (a)bort")
	p.types("a\r")
	p.ends(0)
	w.nothingLeft()

	p = there("rpc local 'IO.puts(Node.self())'; echo status=$?")
	p.waits("shop@127.0.0.1")
	p.ends(0)

	p = there(`eval local 'IO.puts("here"); Process.sleep(:infinity)'`)
	p.waits("here")
	p.types("\x03")
	p.ends(130)
	w.nothingLeft()

	p = there("logs local")
	p.waits("shop starts")
	p.types("\x03")
	p.ends(0)
	w.nothingLeft()
}
