package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// tree is everything that a refused run must leave as it was.
func (w *world) tree() string {
	w.Helper()
	var all strings.Builder
	for _, h := range w.lab.WebHosts() {
		all.WriteString(w.root(h, `find /opt/apxr -not -path '*/.slipway*' -printf '%p %m %u %g %l %T@\n' | sort; systemctl show --property=MainPID,NRestarts,ActiveState apxr_io`))
	}
	return all.String()
}

func TestWhatCannotWorkIsRefusedBeforeAnythingChanges(t *testing.T) {
	w := newWorld(t)
	id, _ := w.release("good")
	web2 := w.lab.Host("web2")
	sudoers := w.root(web2, "cat /etc/sudoers.d/slipway-apxr_io")
	knownHosts := w.read(w.lab.KnownHostsPath())
	other := func(name, value string) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, name+"="+value) }
	}
	cases := []struct {
		name    string
		prepare string // as root on web2
		undo    string
		change  func(*exec.Cmd)
		args    []string
		code    int
		says    []string
	}{
		{
			name: "a release that was never built", args: []string{"deploy", "--release-id", "20200101T000000"},
			code: 1, says: []string{"the build server has no artifact 20200101T000000 of apxr/apxr_io"},
		},
		{
			name: "several mistakes in the settings", args: []string{"deploy", "--release-id", "../x", "--keep-releases", "1"},
			code: 2, says: []string{"2 mistakes", "release-id: ", "keep-releases: "},
		},
		{
			name: "a unit that is not there", args: []string{"deploy", "--release-id", id, "--units", "nothing.service"},
			code: 1, says: []string{"there is no unit nothing.service", "run the setup phase"},
		},
		{
			name: "a directory that is not there", args: []string{"deploy", "--release-id", id, "--deploy-to", "/opt/apxr/other"},
			code: 1, says: []string{"/opt/apxr/other"},
		},
		{
			name: "no sudo rule on one of two hosts", prepare: "mv /etc/sudoers.d/slipway-apxr_io /root/", undo: "mv /root/slipway-apxr_io /etc/sudoers.d/",
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{web2.Addr + ": deploy may not run 'sudo /usr/bin/systemctl restart apxr_io.service'", "nothing was switched"},
		},
		{
			name: "current is a directory", prepare: "cd /opt/apxr/apxr_io && mv current kept && mkdir current", undo: "cd /opt/apxr/apxr_io && rmdir current && mv kept current",
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{"/opt/apxr/apxr_io/current is not a link"},
		},
		{
			name: "current points to nothing", prepare: "cd /opt/apxr/apxr_io && mv current kept && ln -s releases/20010101T000000 current", undo: "cd /opt/apxr/apxr_io && rm current && mv kept current",
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{"leads to release 20010101T000000, which is not there"},
		},
		{
			name: "current points elsewhere", prepare: "cd /opt/apxr/apxr_io && mv current kept && ln -s /srv current", undo: "cd /opt/apxr/apxr_io && rm current && mv kept current",
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{`leads to "/srv" and not to a release`},
		},
		{
			name: "a host key that was not declared", change: other("SLIPWAY_KNOWN_HOSTS", without(knownHosts, web2.Addr)),
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{web2.Addr + ": its host key", "is not in known-hosts", "add this line:\n" + web2.Addr + " ssh-ed25519 "},
		},
		{
			name: "an unreachable host", change: other("SLIPWAY_HOSTS", w.web()+","+w.lab.Host("git").Addr+":9"),
			args: []string{"deploy", "--release-id", id},
			code: 1, says: []string{w.lab.Host("git").Addr + ":9: cannot connect", "nothing was switched"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &world{T: t, lab: w.lab, project: w.project}
			if c.prepare != "" {
				w.root(web2, c.prepare)
				defer w.root(web2, c.undo)
			}
			before := w.tree()
			cmd := w.command(c.args...)
			if c.change != nil {
				c.change(cmd)
			}
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != c.code {
				t.Errorf("ended with %v, want exit %d", err, c.code)
			}
			for _, words := range c.says {
				if !strings.Contains(string(out), words) {
					t.Errorf("it does not say %q:\n%s", words, out)
				}
			}
			if after := w.tree(); after != before {
				t.Errorf("something changed on a host:\n%s\nthen\n%s", before, after)
			}
		})
	}
	if got := w.root(web2, "cat /etc/sudoers.d/slipway-apxr_io"); got != sudoers {
		t.Errorf("the sudo rules are not as they were: %s", got)
	}
}

// without drops a host's lines.
func without(knownHosts, addr string) string {
	var kept []string
	for line := range strings.Lines(knownHosts) {
		if !strings.Contains(line, addr) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestBuildRefusals(t *testing.T) {
	w := newWorld(t)
	_, rev := w.build("good")
	const artifacts = "ls /home/deploy/slipway/apxr/apxr_io/artifacts"
	before := w.root(w.lab.Host("build"), artifacts)
	w.must(w.project.Write(".tool-versions", "erlang 1.2.3\nelixir 9.9.9\n"))
	otherTools := w.push("other tools")
	w.must(w.project.Replace("mix.lock", `"apxr_greeting"`, `"something_else"`))
	w.must(w.project.Write(".tool-versions", ""))
	staleLock := w.push("stale lock")
	cases := []struct {
		name, repository, revision string
		says                       []string
	}{
		{"no such commit", w.project.URL, strings.Repeat("0", 40), []string{"commit 0000000000000000000000000000000000000000 is not in " + w.project.URL}},
		{"no such repository", w.lab.GitURL("nothing"), rev, []string{"there is no repository git@git.apxr.test:nothing.git, or it may not be read"}},
		{"other tools", w.project.URL, otherTools, []string{".tool-versions pins erlang 1.2.3, and the build server has", ".tool-versions pins elixir 9.9.9, and the build server has"}},
		{"a lock that does not fit", w.project.URL, staleLock, []string{"mix.lock does not match mix.exs", `+  "apxr_greeting"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &world{T: t, lab: w.lab, project: w.project}
			w.isRed(w.slipway("build-release", "--repository", c.repository, "--revision", c.revision), c.says...)
			if after := w.root(w.lab.Host("build"), artifacts); after != before {
				t.Errorf("a failed build changed the artifacts from %s to %s", before, after)
			}
		})
	}
	w.ok("build-release", "--revision", rev)
}

func TestOneChangeAtATime(t *testing.T) {
	w := newWorld(t)
	id, _ := w.release("good")
	w.must(w.project.SetVersion("0.1.0", "0.1.1"))
	next, rev := w.build("next")
	first := w.command("deploy", "--release-id", next, "--settle", "8s")
	first.Stderr = os.Stderr
	w.must(first.Start())
	w.waitFor("the first run to hold the lock", func() bool {
		_, err := w.lab.Host("web1").Run(t.Context(), nil, "grep", "-q", "deploy by tester", "/opt/apxr/apxr_io/.slipway/lock")
		return err == nil && w.root(w.lab.Host("web1"), "readlink /opt/apxr/apxr_io/current") == "releases/"+next
	})
	w.isRed(w.slipway("rollback", "--release-id", id, "--wait-for-lock", "0s"), "held by another run: deploy by tester@")
	if err := first.Wait(); err != nil {
		t.Errorf("the first run: %v", err)
	}
	w.everyHostRuns(next, "0.1.1", rev)
}

func (w *world) waitFor(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			w.Fatal(fmt.Sprintf("waited for a minute for %s", what))
		}
		time.Sleep(50 * time.Millisecond)
	}
}
