package script

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// setUp returns a host that matches its stamp.
func setUp(t *testing.T) (s *site, stamp string) {
	s = newSite(t)
	s.write("unit\n", "etc", "app.service")
	s.write("secret\n", "etc", "environment")
	must(t, os.Chmod(s.path("etc", "app.service"), 0o644))
	must(t, os.Chmod(s.path("etc"), 0o755))
	owner := strings.TrimSpace(output(t, "stat", "-c", "%U %G", s.path("etc")))
	sum := strings.Fields(output(t, "sha256sum", s.path("etc", "app.service")))[0]
	lines := []string{
		"format 1", "directory 755 " + owner + " " + s.path("etc"),
		"file 644 " + owner + " " + sum + " " + s.path("etc", "app.service"),
		"file 644 " + owner + " - " + s.path("etc", "environment"),
		"unit app.service", "unit slipway-firewall.service",
		"rule root /usr/bin/systemctl restart app.service", "rule app /usr/local/lib/slipway/app console",
	}
	s.write(strings.Join(lines, "\n")+"\n", "slipway", "app", "setup")
	s.rules("/usr/bin/systemctl restart app.service\n    (app) NOPASSWD: /usr/local/lib/slipway/app console")
	s.units("enabled no inactive", "enabled no active")
	return s, s.path("slipway", "app", "setup")
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out strings.Builder
	must(t, local{}.Exec(t.Context(), name+" '"+strings.Join(args, "' '")+"'", strings.NewReader(""), &out, nil))
	return out.String()
}

func (s *site) rules(commands ...string) {
	s.write("User x may run the following commands on y:\n    (root) NOPASSWD: "+strings.Join(commands, ", ")+"\n", "rules")
	s.command("sudo", `[ "$*" = "-n -l" ] && exec cat "$BASE/rules"; exit 1`)
}

// units sets the states of app.service and slipway-firewall.service:
// UnitFileState, NeedDaemonReload, ActiveState.
func (s *site) units(states ...string) {
	body := ""
	for i, name := range []string{"app.service", "slipway-firewall.service"} {
		state := strings.Fields(states[i])
		body += fmt.Sprintf("Id=%s\nUnitFileState=%s\nNeedDaemonReload=%s\nActiveState=%s\n\n", name, state[0], state[1], state[2])
	}
	s.write(body, "units")
	s.command("systemctl", `case "$*" in *app.service*slipway-firewall.service) cat "$BASE/units" ;; *) echo "LoadState=loaded" ;; esac`)
}

// drifts has ways in which a host differs from its stamp, and what Inspect then
// says of it.
var drifts = map[string]struct {
	spoil func(s *site)
	want  []string
}{
	"as it was made": {func(*site) {}, nil},
	"no stamp": {func(s *site) {
		must(s.t, os.Remove(s.path("slipway", "app", "setup")))
		must(s.t, os.Remove(s.path("etc", "app.service")))
	}, nil},
	"another version":    {func(s *site) { s.write("format 2\n", "slipway", "app", "setup") }, []string{"another version of Slipway has set it up"}},
	"a file was changed": {func(s *site) { s.write("other\n", "etc", "app.service") }, []string{"BASE/etc/app.service has been changed"}},
	"a mode":             {func(s *site) { must(s.t, os.Chmod(s.path("etc", "environment"), 0o666)) }, []string{"BASE/etc/environment is 666 OWNER, not 644 OWNER"}},
	"a directory":        {func(s *site) { must(s.t, os.Chmod(s.path("etc"), 0o777)) }, []string{"BASE/etc is 777 OWNER, not 755 OWNER"}},
	"a file is gone":     {func(s *site) { must(s.t, os.Remove(s.path("etc", "environment"))) }, []string{"BASE/etc/environment is not there"}},
	"not enabled":        {func(s *site) { s.units("disabled no inactive", "enabled no active") }, []string{"app.service is disabled, not enabled"}},
	"no firewall":        {func(s *site) { s.units("enabled no active", "enabled no failed") }, []string{"slipway-firewall.service is failed, not active"}},
	"not read":           {func(s *site) { s.units("enabled yes active", "enabled no active") }, []string{"app.service has been changed, and systemd has not read it: systemctl daemon-reload"}},
	"another application's rule": {func(s *site) {
		s.write("format 1\nrule root /usr/bin/systemctl restart other.service\n", "slipway", "other", "setup")
		s.rules("/usr/bin/systemctl restart app.service, /usr/bin/systemctl restart other.service\n    (app) NOPASSWD: /usr/local/lib/slipway/app console")
	}, nil},
	"a console too many": {func(s *site) {
		s.rules("/usr/bin/systemctl restart app.service\n    (app) NOPASSWD: /usr/local/lib/slipway/app console, /usr/bin/id")
	}, []string{"sudo allows '/usr/bin/id' as app, which setup did not grant"}},
	"no console": {func(s *site) {
		s.write("User x may run the following commands on y:\n    (root) NOPASSWD: /usr/bin/systemctl restart app.service\n", "rules")
	}, []string{"sudo does not allow '/usr/local/lib/slipway/app console' as app"}},
	"a rule is missing": {func(s *site) { s.rules("/usr/bin/id\n    (app) NOPASSWD: /usr/local/lib/slipway/app console") }, []string{"sudo does not allow '/usr/bin/systemctl restart app.service' as root", "sudo allows '/usr/bin/id' as root, which setup did not grant"}},
}

func TestDrift(t *testing.T) {
	t.Parallel()
	for name, c := range drifts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, stamp := setUp(t)
			owner := strings.Replace(strings.TrimSpace(output(t, "stat", "-c", "%U %G", s.path("etc"))), " ", ":", 1)
			c.spoil(s)
			look := s.look()
			look.Stamp = stamp
			in, err := s.host(nil).Inspect(t.Context(), look)
			must(t, err)
			got := slices.Clone(in.Drift)
			for i := range got {
				got[i] = strings.ReplaceAll(strings.ReplaceAll(got[i], s.Base, "BASE"), owner, "OWNER")
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

func TestInspectLooksAtTheUnitForMigrations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for exec, want := range map[string]string{
		"loaded { path=BASE/launch ; argv[]=BASE/launch --next bin/app eval x ; }": "ready",
		"loaded { path=BASE/launch ; argv[]=BASE/launch bin/app eval x ; }":        "other",
		"not-found ": "missing",
	} {
		load, start, _ := strings.Cut(strings.ReplaceAll(exec, "BASE", s.Base), " ")
		s.command("systemctl", fmt.Sprintf(`printf 'LoadState=loaded\n\nLoadState=%s\nExecStart=%s\n\n'`, load, start))
		look := s.look()
		look.Migrate = "app-migrate.service"
		in, err := s.host(nil).Inspect(t.Context(), look)
		must(t, err)
		if in.Migrate != want {
			t.Errorf("%s: %q, want %q", exec, in.Migrate, want)
		}
	}
	if in := s.inspect(); in.Migrate != "" {
		t.Errorf("nobody asked: %q", in.Migrate)
	}
}
