package console

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

var shop = release.App{Org: "apxr", Name: "shop"}

// open returns the facts of a host on which nothing is missing.
func open() script.Inside {
	return script.Inside{
		Service: script.Service{Units: []script.Unit{{Name: "shop.service", Load: "loaded", Active: "active", PID: 7}}, Current: release.Activation{ID: "20240101T000000"}},
		Login:   "deploy", User: "shop", Wrapper: &script.Entry{Mode: 0o755, Kind: "regular file"}, WrapperDir: &script.Entry{Mode: 0o755, Kind: "directory"}, Sudo: "yes",
	}
}

func plan(w Way) Plan {
	return Plan{Way: w, App: shop, Layout: release.DefaultLayout(shop), Unit: "shop.service"}
}

func TestCommandsAreTheRules(t *testing.T) {
	follow := plan(Logs)
	follow.Follow = true
	for want, p := range map[string]Plan{
		"env --chdir=/ sudo -n -u shop /usr/local/lib/slipway/shop console":                                                plan(Console),
		"env --chdir=/ sudo -n -u shop /usr/local/lib/slipway/shop eval":                                                   plan(Eval),
		"env --chdir=/ sudo -n -u shop /usr/local/lib/slipway/shop rpc":                                                    plan(RPC),
		"env --chdir=/ sudo -n /usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=shop.service":         plan(Logs),
		"env --chdir=/ sudo -n /usr/bin/journalctl --no-pager --output=short-iso --lines=100 --follow --unit=shop.service": follow,
	} {
		if err := p.judge("web1", open()); err != nil || p.command(open()) != want {
			t.Errorf("%q, want %q; %v", p.command(open()), want, err)
		}
	}
	in := open()
	in.Sudo = "password"
	if p := plan(Console); p.judge("web1", in) != nil || p.command(in) != "env --chdir=/ sudo -u shop /usr/local/lib/slipway/shop console" {
		t.Errorf("at a terminal, sudo can ask for a password: %q", p.command(in))
	}
}

func TestEveryReasonIsOneLineWithItsRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*script.Inside)
		ways  string // the ways that it keeps out
		says  string
	}{
		"no unit":         {func(in *script.Inside) { in.Units[0].Load = "not-found" }, "console eval rpc logs", "there is no unit shop.service"},
		"root":            {func(in *script.Inside) { in.User = "root" }, "console eval rpc", "User="},
		"a strange user":  {func(in *script.Inside) { in.User = "x; reboot" }, "console eval rpc", `"x; reboot"`},
		"nothing there":   {func(in *script.Inside) { in.Current = release.Activation{} }, "console eval rpc", "deploy a release first"},
		"stopped":         {func(in *script.Inside) { in.Units[0].Active = "failed" }, "console rpc", "is failed: "},
		"no process":      {func(in *script.Inside) { in.Units[0].PID = 0 }, "console rpc", "needs the running node"},
		"no wrapper":      {func(in *script.Inside) { in.Wrapper = nil }, "console eval rpc", "slipway_allow_console: true"},
		"a link":          {func(in *script.Inside) { in.Wrapper.Kind = "symbolic link" }, "console eval rpc", "is a symbolic link"},
		"another's":       {func(in *script.Inside) { in.Wrapper.UID = 1000 }, "console eval rpc", "by others than root (UID 1000"},
		"a group's":       {func(in *script.Inside) { in.Wrapper.Mode = 0o775 }, "console eval rpc", "mode 0775"},
		"everybody's":     {func(in *script.Inside) { in.WrapperDir.Mode = 0o757 }, "console eval rpc", "/usr/local/lib/slipway can be"},
		"no rule":         {func(in *script.Inside) { in.Sudo = "no" }, "console eval rpc logs", "deploy may not run 'sudo "},
		"with a password": {func(in *script.Inside) { in.Sudo = "password" }, "eval rpc logs", "NOPASSWD"},
		"no list":         {func(in *script.Inside) { in.Sudo, in.SudoSaid = "unread", "sudo: no" }, "console eval rpc logs", "shows no list and says: sudo: no: "},
		"no script":       {func(in *script.Inside) { in.Missing = []string{"script"} }, "eval rpc logs", "bsdutils"},
		"no sudo":         {func(in *script.Inside) { in.Missing, in.Sudo = []string{"sudo"}, "" }, "console eval rpc logs", "sudo is not installed"},
	} {
		for _, way := range []Way{Console, Eval, RPC, Logs} {
			in := open()
			c.spoil(&in)
			err := plan(way).judge("web1", in)
			if want := strings.Contains(c.ways, string(way)); want != (err != nil) {
				t.Errorf("%s: %s: %v", name, way, err)
			}
			if err != nil && (!strings.HasPrefix(err.Error(), "web1: ") || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%s: %s: %q", name, way, err)
			}
		}
	}
	in := open()
	in.Wrapper, in.Sudo, in.Units[0].Active = nil, "no", "failed"
	if err := plan(RPC).judge("web1", in); err == nil || strings.Count(err.Error(), "\nweb1: ") != 2 {
		t.Errorf("not every reason: %v", err)
	}
	in = open()
	in.Current, in.Hidden = release.Activation{}, true
	if err := plan(Eval).judge("web1", in); err != nil {
		t.Errorf("something that cannot be seen is given as a reason: %v", err)
	}
}

func TestTimesOfALog(t *testing.T) {
	const text = "-- Boot 1 --\n1700000000.123456 web1 app[7]: 1700000000.123456 x\n  more\n1700000001.000000 web1 app[7]: end"
	const want = "-- Boot 1 --\n2023-11-14T22:13:20+0000 web1 app[7]: 1700000000.123456 x\n  more\n2023-11-14T22:13:21+0000 web1 app[7]: end"
	for _, size := range []int{1, 7, 1000} {
		var out strings.Builder
		d := &dated{w: &out}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := io.WriteString(d, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := d.flush(); err != nil || out.String() != want {
			t.Errorf("%q, %v", out.String(), err)
		}
	}
}

// deadHost is a host on which every script fails.
type deadHost struct{ err error }

func (deadHost) Name() string { return "web1" }

func (h deadHost) Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error { return h.err }

func TestRootIsNeverAskedForAPassword(t *testing.T) {
	facts := "login=root\nunit=shop.service\nLoadState=loaded\nunit_user=shop\nwrapper=0 755 regular file\nhidden=yes\nsudo=password\n"
	e, err := Open(t.Context(), answers(facts), plan(Eval), io.Discard)
	if err != nil || e.Command != "env --chdir=/ sudo -n -u shop /usr/local/lib/slipway/shop eval" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err = Open(t.Context(), answers(strings.Replace(facts, "login=root", "login=ann", 1)), plan(Eval), io.Discard); err == nil {
		t.Error("without a terminal, sudo cannot ask other users for a password")
	}
}

// answers is a host whose script prints these facts.
type answers string

func (answers) Name() string { return "web1" }
func (a answers) Exec(_ context.Context, command string, _ io.Reader, out, _ io.Writer) error {
	_, err := io.WriteString(out, strings.Fields(command)[3]+"began\n"+string(a)+"answered=yes\n")
	return err
}

func TestALostHostIsReported(t *testing.T) {
	lost := errors.New("web1: the connection was lost")
	if _, err := Open(t.Context(), deadHost{lost}, plan(Eval), io.Discard); !errors.Is(err, lost) {
		t.Error(err)
	}
}
