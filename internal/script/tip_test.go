package script

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// A forced push makes an ancestor the tip again. The mirror does not know that
// yet: the repository itself is asked.
func TestTheTipIsWhatTheRepositorySays(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "shop")
	o.git("checkout", "--quiet", "-b", "main")
	good := o.commit("a", "good")
	bad := o.commit("a", "bad")
	_, err := s.asGit(Access{}, `mkdir -p "$root/mirrors"; mirror "`+o.url()+`" refs/heads/main`)
	must(t, err)
	o.git("reset", "--quiet", "--hard", good)
	o.git("branch", "other/refs/heads/main", bad) // ends in the same words
	o.git("tag", "v1", bad)
	relations, err := s.store().Relations(t.Context(), o.url(), good, []string{bad})
	if err != nil || relations[bad] != release.Ancestor {
		t.Errorf("the mirror: %v, %v", relations, err)
	}
	for ref, want := range map[string]string{
		"refs/heads/main": good, "refs/heads/other/refs/heads/main": bad, "refs/tags/v1": bad,
		"refs/heads/gone": "", "refs/heads/m*": "", "main": "",
	} {
		if got, err := s.store().Tip(t.Context(), o.url(), ref, Access{}); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", ref, got, err, want)
		}
	}
}

// The question uses the same keys as a build does, and leaves the scratch of a
// running build alone.
func TestTheTipIsAskedForWithTheBuildsKeys(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "shop")
	o.git("checkout", "--quiet", "-b", "main")
	tip := o.commit("a", "1")
	scratch := filepath.Join(s.home, BuildDir(app), "scratch")
	must(t, os.MkdirAll(scratch, 0o755))
	must(t, os.WriteFile(filepath.Join(scratch, "in use"), nil, 0o644))
	s.env = append(s.env, "SSH_AUTH_SOCK=/run/agent", "TMPDIR="+s.dir)
	before, err := os.ReadDir(s.dir)
	must(t, err)
	key := Identity{"h:22/" + o.dir[1:], "the key"}
	if got, err := s.store().Tip(t.Context(), o.url(), "refs/heads/main", Access{Identities: []Identity{key}}); err != nil || got != tip {
		t.Fatalf("%q, %v", got, err)
	}
	calls := s.sshCalls()
	if len(calls) != 1 || option(calls[0], "IdentitiesOnly") != "yes" || option(calls[0], "StrictHostKeyChecking") != "yes" {
		t.Errorf("ssh %q", calls)
	}
	if _, err := os.Stat(filepath.Join(scratch, "in use")); err != nil {
		t.Error(err)
	}
	after, err := os.ReadDir(s.dir)
	if must(t, err); len(after) != len(before) {
		t.Errorf("files are left: %v", after)
	}
}

func TestATipThatCannotBeAskedForIsAnError(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.writeHome("git@h: Permission denied (publickey).\n", "ssh.says")
	_, err := s.store().Tip(t.Context(), "git@h:x", "refs/heads/main", Access{})
	wantReason(t, err, "the build server cannot ask git@h:x: git@h: Permission denied (publickey).")
	s.writeHome("fatal: the server is on fire\n", "ssh.says")
	_, err = s.store().Tip(t.Context(), "git@h:x", "refs/heads/main", Access{})
	wantReason(t, err, "the build server cannot ask git@h:x: fatal: the server is on fire")
	s.command("timeout", "exit 124")
	_, err = s.store().Tip(t.Context(), "git@h:x", "refs/heads/main", Access{})
	wantReason(t, err, "the build server cannot ask git@h:x: it did not answer within 20 s")
}
