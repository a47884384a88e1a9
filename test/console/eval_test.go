package console

import (
	"strings"
	"testing"
)

// expression is what is evaluated, and what comes of it.
type expression struct {
	verb, text string
	code       int
	out, errs  string
}

func (s *site) evaluate(all []expression) {
	s.Helper()
	for _, e := range all {
		r := s.Slipway(e.verb, s.host.Addr, e.text)
		if r.Code != e.code || r.Stdout != e.out || !strings.Contains(r.Stderr, e.errs) || e.errs == "" && r.Stderr != "" {
			s.Errorf("%s %.100s: exit %d, stdout %.100q, stderr %.300q", e.verb, e.text, r.Code, r.Stdout, r.Stderr)
		}
	}
	s.nothingLeft()
}

func TestEvalAndRPC(t *testing.T) {
	newSite(t).evaluate([]expression{
		{"rpc", "IO.puts(Node.self())", 0, "shop@127.0.0.1\n", ""},
		{"eval", "x = \"it's \\\"#{1}\\\" $HOME `id` ü \\\\\"\nIO.puts(x)\nIO.puts(System.get_env(\"GREETING\"))\n# %s %b \\101", 0, "it's \"1\" $HOME `id` ü \\\n\"hello\" $HOME `id`\n", ""},
		{"eval", `IO.write("before"); IO.puts(:stderr, "aside"); raise "boom"`, 1, "before", "aside\n** (RuntimeError) boom"},
	})
}

func splitLines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

const forever = `IO.puts("here"); Process.sleep(:infinity)`

func TestCtrlCEndsAnEvalOnTheHostToo(t *testing.T) {
	s := newSite(t)
	p := s.sit(s.Command("eval", s.host.Addr, forever))
	p.waits("here")
	// No program but the release's own was given the expression.
	if users := s.root(`for p in $(pgrep -f 'slee[p].:infinity'); do ps -o user= -p $p; done | sort -u`); users != "shop" {
		t.Errorf("the expression stands in the arguments of processes of %q", users)
	}
	p.types("\x03")
	p.ends(130)
	s.nothingLeft()
}

func TestALogThatIsFollowed(t *testing.T) {
	s := newSite(t)
	p := s.sit(s.Command("logs", s.host.Addr))
	p.waits("shop starts")
	s.OK("rpc", s.host.Addr, `Shop.say("something new")`)
	p.waits("something new")
	p.types("\x03")
	p.ends(0)
	p.cooked()
	s.nothingLeft()
}

// there starts a verb on the host itself, in a login from a terminal.
func (s *site) there(words string) *person {
	s.Helper()
	s.putProgram(s.host)
	cmd := s.Command()
	cmd.Path, cmd.Args = "/usr/bin/ssh", []string{
		"ssh", "-F", "/dev/null", "-tt", "-i", s.lab.DeployKeyPath(), "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + s.lab.KnownHostsPath(),
		"deploy@" + s.host.Addr, "SLIPWAY_APP=apxr/shop exec slipway " + words,
	}
	return s.sit(cmd)
}

// On the machine itself nothing is between the person's terminal and sudo.
func TestTheMachineItself(t *testing.T) {
	s := newSite(t)
	p := s.there("console local")
	p.waits(prompt)
	p.types("Process.sleep(60_000)\r\x03")
	p.leaves()
	s.nothingLeft()
}
