package script

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gitSite returns a site on which ssh records its arguments, one per line. It
// runs git's own server on this machine, or prints the content of
// $HOME/ssh.says.
func gitSite(t *testing.T) *site {
	s := newSite(t)
	s.env = append(append(s.env, gitEnv...), "GIT_CONFIG_GLOBAL="+s.home+"/.gitconfig")
	s.writeHome("[core]\n\tfsync = none\n", ".gitconfig") // the speed of the disk does not matter here
	s.command("ssh", `{ printf '%s\n' "$@"; echo "agent=${SSH_AUTH_SOCK-}"; echo --; } >>"$HOME/ssh.log"
		[ ! -e "$HOME/ssh.says" ] || { cat "$HOME/ssh.says" >&2; exit 255; }
		for command; do :; done
		eval "exec $command"`)
	return s
}

// sshCalls returns the arguments of each call of ssh since the last time. The
// last argument is the agent's socket.
func (s *site) sshCalls() [][]string {
	s.t.Helper()
	text := s.readHome("ssh.log")
	must(s.t, os.RemoveAll(filepath.Join(s.home, "ssh.log")))
	var calls [][]string
	for call := range strings.SplitSeq(text, "\n--\n") {
		if call != "" {
			calls = append(calls, strings.Split(call, "\n"))
		}
	}
	return calls
}

// asGit runs sh commands in the way the scripts run git.
func (s *site) asGit(a Access, commands string) (log string, err error) {
	s.t.Helper()
	var said strings.Builder
	c := call{script: "checkout", args: args{{"app", app.String()}, {"commands", commands}}, input: a.input().reader(), log: &said}
	m := withMain(`take_input; git_access; eval "$commands"`)
	m.env = s.env
	err = c.run(s.t.Context(), m)
	return said.String(), err
}

// sshFor returns how git calls ssh for each repository.
func (s *site) sshFor(a Access, urls ...string) map[string][]string {
	s.t.Helper()
	_, err := s.asGit(a, "for url in '"+strings.Join(urls, "' '")+"'; do git ls-remote \"$url\" >/dev/null || :; done")
	must(s.t, err)
	calls := s.sshCalls()
	if len(calls) != len(urls) {
		s.t.Fatalf("%q: ssh was called %d times", urls, len(calls))
	}
	byURL := map[string][]string{}
	for i, url := range urls {
		byURL[url] = calls[i]
	}
	return byURL
}

// option returns the value of an ssh option, or "" if it is missing. The first
// one counts.
func option(call []string, name string) string {
	for i, arg := range call {
		if value, ok := strings.CutPrefix(arg, name+"="); ok && i > 0 && call[i-1] == "-o" {
			return value
		}
	}
	return ""
}

// offered returns the public key that ssh requests from the agent.
func (s *site) offered(call []string) string {
	s.t.Helper()
	file := strings.Trim(option(call, "IdentityFile"), `"`)
	if file == "" {
		return ""
	}
	text, err := os.ReadFile(file)
	must(s.t, err)
	return string(text)
}

func TestEachKeyIsForItsOwnRepository(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.env = append(s.env, "SSH_AUTH_SOCK=/run/agent")
	s.writeHome("fatal", "ssh.says")
	a := Access{Identities: []Identity{{"h:22/apxr/one", "key one"}, {"h:22/apxr/two", "key two"}, {"h:2222/apxr/one", "key three"}, {"h:22/with a blank", "key four"}}}
	keys := map[string]string{
		"git@h:apxr/one.git": "key one\n", "git@h:apxr/one": "key one\n", "git@h:/apxr/one.git": "key one\n", "git@h:apxr/one.git/": "key one\n", "h:apxr/one": "key one\n",
		"ssh://git@h/apxr/one.git": "key one\n", "ssh://git@h:22/apxr/one": "key one\n", "ssh://h/apxr/one/": "key one\n", "ssh://somebody@h/apxr/one": "key one\n",
		"git@h:apxr/two.git": "key two\n", "ssh://git@h:2222/apxr/one.git": "key three\n", "ssh://git@h/with%20a%20blank": "key four\n",
		"git@h:apxr/other": "", "git@other:apxr/one": "", "ssh://git@h:2222/apxr/two": "", "ssh://git@h:222/apxr/one": "", "git@h:apxr/one_more": "",
		"git@h:apxr/on": "", "git@h:x/apxr/one": "", "git@h:apxr/one/x": "", "git@h:one": "", "git@h:apxr/ONE": "",
	}
	for url, call := range s.sshFor(a, slices.Collect(maps.Keys(keys))...) {
		t.Run(url, func(t *testing.T) {
			key := keys[url]
			if got := s.offered(call); got != key {
				t.Errorf("ssh offers %q, want %q", got, key)
			}
			only, none := option(call, "IdentitiesOnly"), option(call, "IdentityAgent")
			if key != "" && (only != "yes" || none != "SSH_AUTH_SOCK") || key == "" && (only != "" || none != "none") {
				t.Errorf("IdentitiesOnly=%s IdentityAgent=%s", only, none)
			}
			if !slices.Equal(call[:4], []string{"-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"}) || call[len(call)-1] != "agent=/run/agent" || option(call, "UserKnownHostsFile") != "" {
				t.Errorf("ssh %q", call)
			}
		})
	}
}

func TestAForwardedAgentOffersAllItsKeys(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.writeHome("fatal", "ssh.says")
	s.env = append(s.env, "SSH_AUTH_SOCK=/run/agent")
	for _, call := range s.sshFor(Access{ForwardAgent: true}, "git@h:x", "ssh://git@h:2222/x") {
		if option(call, "IdentityAgent") != "SSH_AUTH_SOCK" || option(call, "IdentitiesOnly") != "" || option(call, "IdentityFile") != "" || call[len(call)-1] != "agent=/run/agent" {
			t.Errorf("ssh %q", call)
		}
	}
}

func TestPinnedHostKeysAreForTheirHostsAlone(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.writeHome("fatal", "ssh.says")
	const key = " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkaHNFSbcjIpPZl2xRh1z2MyHEwgSiQ4wF6gnVyzgqm"
	const lines = "h,10.0.0.1" + key + "\n[port.test]:2222" + key + "\n# [other]:2222" + key + "\n@cert-authority *.wild.test" + key // without a last line break
	hashed := filepath.Join(t.TempDir(), "hashed")
	must(t, os.WriteFile(hashed, []byte("secret.test"+key+"\n"), 0o600))
	out, err := exec.Command("ssh-keygen", "-H", "-f", hashed).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(hashed)
	must(t, err)
	for known, urls := range map[string]map[string]bool{
		lines: {
			"git@h:x": true, "ssh://git@10.0.0.1/x": true, "ssh://git@h:22/x": true, "ssh://git@h:2222/x": false, "ssh://git@port.test:2222/x": true,
			"ssh://git@port.test:2223/x": false, "git@port.test:x": false, "ssh://git@other:2222/x": false, "git@git.wild.test:x": true, "git@hh:x": false,
		},
		string(text): {"git@secret.test:x": true, "git@h:x": false},
		"":           {"git@h:x": false},
	} {
		for url, call := range s.sshFor(Access{KnownHosts: known}, slices.Collect(maps.Keys(urls))...) {
			pinned := urls[url]
			file, global := option(call, "UserKnownHostsFile"), option(call, "GlobalKnownHostsFile")
			known := known
			if url == "git@git.wild.test:x" { // ssh gets the lines of authorities from a program
				known, _, _ = strings.Cut(known, "@cert-authority")
			}
			if !pinned {
				if file != "" || global != "" {
					t.Errorf("%s: ssh %q", url, call)
				}
				continue
			}
			if got := s.readHome(strings.TrimPrefix(strings.Trim(file, `"`), s.home)); got != strings.TrimSuffix(known, "\n")+"\n" || global != "/dev/null" {
				t.Errorf("%s: ssh looks in %s (%q) and %s", url, file, got, global)
			}
		}
	}
}

// The real ssh parses the options here.
func TestAHomeMayHaveBlanksAndQuotes(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.home = filepath.Join(filepath.Dir(s.home), "it's a  home $x")
	must(t, os.Mkdir(s.home, 0o755))
	s.env = append(s.env, "HOME="+s.home)
	s.writeHome("fatal", "ssh.says")
	call := s.sshFor(Access{Identities: []Identity{{"h:2222/x", "the key"}}, KnownHosts: "[h]:2222 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkaHNFSbcjIpPZl2xRh1z2MyHEwgSiQ4wF6gnVyzgqm"}, "ssh://git@h:2222/x")["ssh://git@h:2222/x"]
	out, err := exec.Command("ssh", append([]string{"-G"}, call[:len(call)-1]...)...).CombinedOutput()
	must(t, err)
	for name, value := range map[string]string{"ForwardAgent": "no", "VerifyHostKeyDNS": "no", "ControlMaster": "no", "ControlPath": "none"} {
		if got := option(call, name); got != value {
			t.Errorf("the user's own %s counts: %q", name, got)
		}
	}
	scratch := filepath.Join(s.home, BuildDir(app), "scratch")
	for _, line := range []string{"identityfile " + scratch + "/1.pub", "userknownhostsfile " + scratch + "/known_hosts", "globalknownhostsfile /dev/null", "identitiesonly yes", "batchmode yes", "stricthostkeychecking true", "port 2222", "hostname h"} {
		if !strings.Contains("\n"+string(out), "\n"+line+"\n") {
			t.Errorf("ssh has no %q of\n%q in\n%s", line, call, out)
		}
	}
	if s.offered(call) != "the key\n" {
		t.Error("this is not the key")
	}
}

func TestLFSAndOtherFormsGetTheirKeyToo(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.writeHome("fatal", "ssh.says")
	a := Access{Identities: []Identity{{"h:22/apxr/one", "key one"}, {"h:2222/apxr/one", "key two"}}}
	for words, key := range map[string]string{
		"git@h 'git-lfs-authenticate apxr/one.git download'":                                   "key one\n",
		"git@h 'git-lfs-authenticate /apxr/one.git upload'":                                    "key one\n",
		"-p 2222 git@h 'git-lfs-authenticate apxr/one.git download'":                           "key two\n",
		"-oControlMaster=auto -oControlPath=/x/%C h 'git-lfs-transfer apxr/one.git download'":  "key one\n",
		"-4 -o SendEnv=GIT_PROTOCOL -p 2222 h \"git-upload-pack '/apxr/one.git'\"":             "key two\n",
		"-o Port=1 -o SendEnv=GIT_PROTOCOL git@h \"git-upload-pack 'apxr/one'\"":               "key one\n",
		"git@h 'git-lfs-authenticate apxr/other.git download'":                                 "",
		"git@h \"git-upload-pack 'apxr/other' 'apxr/one'\"":                                    "",
		"git@h -p 2222 'git-lfs-authenticate apxr/one.git download'":                           "key one\n", // the options come before the host
		"-o 'SendEnv=GIT_PROTOCOL' git@h \"git-receive-pack 'apxr/one.git'\"":                  "key one\n",
		"-p 2222 -o SendEnv=GIT_PROTOCOL somebody@else@h \"git-upload-pack 'apxr/one.git'\"":   "",
		"-6 git@h \"git-upload-archive '/apxr/one.git/'\"":                                     "key one\n",
		"git@h 'git-lfs-authenticate apxr/one download 0123456789abcdef0123456789abcdef01234'": "key one\n",
	} {
		_, err := s.asGit(a, `( eval "$GIT_SSH_COMMAND `+strings.NewReplacer(`"`, `\"`, "$", `\$`).Replace(words)+`" ) || :`)
		must(t, err)
		calls := s.sshCalls()
		if len(calls) != 1 || s.offered(calls[0]) != key {
			t.Errorf("ssh %s: %q", words, calls)
		}
	}
}

const fill = `printf 'protocol=%s\nhost=%s\npath=x\n\n' `

func TestATokenIsForItsServerAlone(t *testing.T) {
	t.Parallel()
	for host, others := range map[string][]string{
		"h.test":      {"https h.test:8443", "https other.test", "http h.test", "https x.h.test", "https h.test.evil", "ssh h.test"},
		"h.test:8443": {"https h.test", "https h.test:443", "https other.test:8443", "http h.test:8443"},
	} {
		s := gitSite(t)
		a := Access{Token: "t0%s\\n'\"$x", TokenHost: host}
		log, err := s.asGit(a, fill+"https "+host+" | git credential fill")
		must(t, err)
		if !strings.Contains(log, "username=x-access-token\npassword="+a.Token+"\n") {
			t.Errorf("%s: %s", host, log)
		}
		for _, other := range others {
			log, err := s.asGit(a, fill+other+" | git credential fill && exit 7; :")
			must(t, err)
			if strings.Contains(log, "password=") || !strings.Contains(log, "terminal prompts disabled") {
				t.Errorf("%s for %s: %s", other, host, log)
			}
		}
		log, err = s.asGit(a, `printf '%s|' "$GIT_TERMINAL_PROMPT" "$GIT_ALLOW_PROTOCOL" "$GIT_SSH_VARIANT"; git ls-remote file://$HOME; git ls-remote git://localhost/x; :`)
		must(t, err)
		if !strings.HasPrefix(log, "0|ssh:https|ssh|") || !strings.Contains(log, "transport 'file' not allowed") || !strings.Contains(log, "transport 'git' not allowed") {
			t.Error(log)
		}
	}
}

func TestNobodyStoresTheToken(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	s.writeHome("[credential]\n\thelper = \"!f() { echo \\\"$1 $(tr '\\\\n' ' ')\\\" >>$HOME/asked; }; f\"\n[credential \"https://h.test\"]\n\thelper = \"!f() { echo own $1 >>$HOME/asked; }; f\"\n", ".gitconfig")
	a := Access{Token: "t0ken", TokenHost: "h.test"}
	log, err := s.asGit(a, fill+`https h.test | git credential fill | tee /dev/stderr >"$HOME/filled"; git credential approve <"$HOME/filled"; git credential reject <"$HOME/filled"`)
	must(t, err)
	if asked := s.readHome("asked"); asked != "" || !strings.Contains(log, "password=t0ken") {
		t.Errorf("the user's own helpers were asked:\n%s%s", asked, log)
	}
	_, err = s.asGit(a, fill+`https other.test | git credential fill || :`)
	must(t, err)
	if asked := s.readHome("asked"); !strings.HasPrefix(asked, "get ") {
		t.Errorf("for another server they were not: %q", asked)
	}
	log, err = s.asGit(Access{}, `env; `+fill+`https h.test | git credential fill || :`)
	must(t, err)
	if asked := s.readHome("asked"); !strings.Contains(asked, "own get") || strings.Contains(log, "GIT_CONFIG_COUNT") || strings.Contains(log, "SLIPWAY_GIT_TOKEN") {
		t.Errorf("without a token they are the user's own to use: %q\n%s", asked, log)
	}
}

func TestATokenNeedsAGitThatKnowsHowToTakeIt(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	for version, ok := range map[string]bool{"2.30.9": false, "1.8.3.1": false, "2.4": false, "2.31.0": true, "2.31": true, "2.100.1": true, "3.0.0": true, "2.39.5 (Apple Git-154)": true} {
		s.command("git", "echo 'git version "+version+"'")
		if _, err := s.asGit(Access{Token: "t", TokenHost: "h"}, ":"); ok {
			must(t, err)
		} else {
			wantReason(t, err, "git on the build server is older than 2.31, which git-token needs: update it, or use deploy-keys")
		}
		_, err := s.asGit(Access{}, ":")
		must(t, err)
	}
}

// origin is a developer's repository, served by gitSite's ssh.
type origin struct {
	t   *testing.T
	dir string
}

func newOrigin(t *testing.T, name string) origin {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	must(t, os.MkdirAll(dir, 0o755))
	o := origin{t, dir}
	o.git("init", "--quiet", "--template=")
	return o
}

func (o origin) git(args ...string) string { o.t.Helper(); return runGit(o.t, o.dir, args...) }
func (o origin) url() string               { return "git@h:" + o.dir }

func (o origin) commit(name, text string) string {
	o.t.Helper()
	must(o.t, os.MkdirAll(filepath.Dir(filepath.Join(o.dir, name)), 0o755))
	must(o.t, os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o644))
	o.git("add", "--force", "--", name)
	o.git("commit", "--quiet", "--message", name+" is "+text)
	return head(o.t, o.dir)
}

// pin commits a submodule.
func (o origin) pin(name, path, url, commit string) string {
	o.t.Helper()
	o.git("config", "--file", ".gitmodules", "submodule."+name+".path", path)
	o.git("config", "--file", ".gitmodules", "submodule."+name+".url", url)
	o.git("add", ".gitmodules")
	o.git("update-index", "--add", "--cacheinfo", "160000,"+commit+","+path)
	o.git("commit", "--quiet", "--message", "pin "+path)
	return head(o.t, o.dir)
}

// layOut checks out a revision.
func (s *site) layOut(o origin, revision string) (Commit, string, error) {
	s.t.Helper()
	var log strings.Builder
	at, taken, err := s.build(job, &log).Checkout(s.t.Context(), Source{Repository: o.url(), Revision: revision})
	if taken {
		s.t.Error("the ID is taken")
	}
	return at, log.String(), err
}

// wantTree checks that the checkout is as clean as a fresh clone at a commit.
func (s *site) wantTree(o origin, revision, commit string) {
	s.t.Helper()
	at, log, err := s.layOut(o, revision)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", revision, err, log)
	}
	if subject := o.git("log", "-1", "--format=%s", commit); at != (Commit{commit, subject}) {
		s.t.Errorf("%s is %+v, want %s %s", revision, at, commit, subject)
	}
	if head := runGit(s.t, s.project(), "rev-parse", "HEAD"); head != commit {
		s.t.Errorf("HEAD is %s", head)
	}
	if left := runGit(s.t, s.project(), "status", "--porcelain", "--ignored", "--untracked-files=all"); left != "" {
		s.t.Errorf("the tree is not clean:\n%s", left)
	}
	if url := runGit(s.t, s.project(), "remote", "get-url", "origin"); url != o.url() {
		s.t.Errorf("origin is %s", url)
	}
}

func TestRevisionsOfAllKinds(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "apxr io.git")
	first := o.commit("a", "1")
	o.git("tag", "light")
	o.git("tag", "--annotate", "--message=x", "annotated")
	o.git("tag", "both")
	second := o.commit("a", "2")
	o.git("branch", "both")
	o.git("branch", "feature/x")
	o.git("checkout", "--quiet", "--detach", first)
	loose := o.commit("a", "of no branch")
	o.git("checkout", "--quiet", "main")
	for _, c := range []struct{ revision, commit string }{
		{"main", second},
		{"light", first},
		{"annotated", first},
		{"feature/x", second},
		{"refs/heads/both", second},
		{"refs/tags/both", first},
		{first, first},
		{loose, loose},
	} {
		s.wantTree(o, c.revision, c.commit)
	}
	for revision, reason := range map[string]string{
		"both":                   o.url() + " has a branch and a tag both: say refs/heads/both or refs/tags/both",
		"nowhere":                "there is no branch or tag nowhere in " + o.url(),
		first[:12]:               "there is no branch or tag " + first[:12],
		"refs/heads/light":       "there is no branch or tag refs/heads/light",
		strings.Repeat("a", 40):  "commit " + strings.Repeat("a", 40) + " is not in " + o.url(),
		o.git("rev-parse", ":a"): "is not in " + o.url(), // the ID of a file is not the ID of a commit
	} {
		_, _, err := s.layOut(o, revision)
		wantReason(t, err, reason)
	}
}

func TestOnlyAFullCommitIDIsOne(t *testing.T) {
	t.Parallel()
	s := gitSite(t)
	id := strings.Repeat("0123456789abcdef", 4)
	for word, want := range map[string]bool{
		id: true, id[:40]: true,
		id[:39]: false, id[:41]: false, id[:63]: false, id + "0": false, id[:12]: false, "": false,
		id[:39] + "g": false, strings.ToUpper(id): false, "-" + id[:39]: false, id[:39] + " ": false, "refs/heads/" + id[:29]: false, "é" + id[:38]: false,
	} {
		log, err := s.asGit(Access{}, `! is_commit '`+word+`' || echo yes`)
		must(t, err)
		if got := strings.Contains(log, "yes"); got != want {
			t.Errorf("%q: %v", word, got)
		}
	}
}

func TestAMirrorIsReusedAndFollowsItsOrigin(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	first := o.commit("a", "1")
	o.git("tag", "v1")
	o.git("branch", "gone")
	wantFetches := func(n int) {
		t.Helper()
		if calls := s.sshCalls(); len(calls) != n {
			t.Errorf("ssh was called %d times, want %d: %q", len(calls), n, calls)
		}
	}
	s.wantTree(o, first, first)
	wantFetches(1)
	s.wantTree(o, first, first)
	wantFetches(0) // the mirror has the commit
	s.wantTree(o, "gone", first)
	wantFetches(1) // a branch may have moved
	second := o.commit("a", "2")
	s.wantTree(o, second, second)
	wantFetches(1)
	o.git("branch", "--delete", "gone")
	o.git("branch", "gone/deeper")
	o.git("tag", "--force", "v1")
	s.wantTree(o, "v1", second)
	_, _, err := s.layOut(o, "gone")
	wantReason(t, err, "there is no branch or tag gone")
	s.wantTree(o, "gone/deeper", second)
	o.git("reset", "--quiet", "--hard", first)
	third := o.commit("a", "3")
	s.wantTree(o, "main", third)
	mirrors, err := filepath.Glob(filepath.Join(s.home, "slipway/mirrors/*.git"))
	if err != nil || len(mirrors) != 1 || !strings.HasPrefix(filepath.Base(mirrors[0]), "app-") {
		t.Errorf("mirrors %q, %v", mirrors, err)
	}
	s.sshCalls()
	s.writeHome("fatal: the git host is down", "ssh.says")
	s.wantTree(o, third, third)
	wantFetches(0)
}

func TestACheckoutStartsFromNothing(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	o.commit(".gitignore", "_build\ndeps\n")
	commit := o.commit("mix.exs", "")
	s.wantTree(o, "main", commit)
	for _, junk := range []string{"_build/prod/x", "deps/x/mix.exs", "junk", ".git/hooks/post-checkout"} {
		s.writeHome("#!/bin/sh\nexit 1\n", BuildDir(app), "checkout", junk)
	}
	s.writeHome("changed", BuildDir(app), "checkout", "mix.exs")
	s.writeHome("x", BuildDir(app), "checkout.state", "revision")
	s.writeHome("x", BuildDir(app), "state", "key", "revision")
	s.writeHome("x", ArtifactDir(app, r2), "manifest.json")
	s.writeHome("x", PartialArtifactDir(app, r2), "manifest.json")
	s.writeHome("x", PartialArtifactDir(app, r1), "tree", "x")
	s.writeHome("x", BuildDir(app), "scratch", "secret")
	s.wantTree(o, "main", commit)
	for name, want := range map[string]bool{
		"checkout/_build": false, "checkout/junk": false, "checkout.state": false, "state/key/revision": true,
		"artifacts/" + string(r2) + ".part": false, "artifacts/" + string(r2) + "/manifest.json": true,
		"artifacts/" + string(r1) + ".part": true, "artifacts/" + string(r1) + ".part/tree": false, "scratch/identities": true, "scratch/secret": false,
	} {
		if s.exists(BuildDir(app), name) != want {
			t.Errorf("%s is there: %v", name, !want)
		}
	}
}

func TestSettingsOfTheUsersOwnDoNoHarm(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	s.writeHome("[core]\n\thooksPath = ~/hooks\n[clone]\n\tdefaultRemoteName = upstream\n[log]\n\tshowSignature = true\n[fetch]\n\tprune = false\n", ".gitconfig")
	s.writeHome("#!/bin/sh\necho x >>\"$HOME/hooked\"; exit 1\n", "hooks", "post-checkout")
	sub := newOrigin(t, "sub")
	o.commit("a", "1")
	s.wantTree(o, "main", o.pin("sub", "sub", sub.url(), sub.commit("s", "1")))
	if s.exists("hooked") {
		t.Error("a hook ran")
	}
}

func TestATakenIDIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	o.commit("a", "1")
	s.writeHome("x", ArtifactDir(app, r1), "manifest.json")
	s.writeHome("x", PartialArtifactDir(app, r2), "manifest.json")
	s.writeHome("x", BuildDir(app), "checkout", "x")
	at, taken, err := s.build(job, nil).Checkout(t.Context(), Source{Repository: o.url(), Revision: "main"})
	if err != nil || !taken || at != (Commit{}) {
		t.Errorf("%+v, %v, %v", at, taken, err)
	}
	if len(s.sshCalls()) != 0 || !s.exists(BuildDir(app), "checkout/x") || !s.exists(PartialArtifactDir(app, r2)) || s.exists(PartialArtifactDir(app, r1)) {
		t.Error("something was done")
	}
}

func TestWhyNothingIsFetched(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	o.commit("a", "1")
	url := o.url()
	for said, reason := range map[string]string{
		"No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.\n": "the host key of the server of " + url + " is not pinned: give its lines of known_hosts as git-known-hosts",
		"git@h: Permission denied (publickey).\n":                                         url + " may not be read with these credentials: see git-token and deploy-keys, or give the build server's user ",
		"ERROR: Repository not found.\n":                                                  "there is no repository " + url + ", or it may not be read with these credentials (servers answer both in the same way)",
		"fatal: '/x' does not appear to be a git repository\n":                            "there is no repository " + url,
		"fatal: unable to access 'https://h/x/': The requested URL returned error: 403\n": "may not be read with these credentials: see git-token",
		"fatal: Authentication failed for 'https://h/x/'\n":                               "may not be read with these credentials: see git-token",
		"fatal: could not read Username for 'https://h': terminal prompts disabled\n":     url + " wants credentials: give a git-token, or use the SSH URL with deploy-keys",
		"ssh: Could not resolve hostname h: Name or service not known\r\n":                "cannot fetch " + url + ": ",
		"ssh: connect to host h port 22: Connection refused\r\n":                          "cannot fetch " + url + ": ",
		"@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n@@@\nHost key for h has changed and you have requested strict checking.\nHost key verification failed.\n": "the server of " + url + " has another host key than the pinned one",
	} {
		s.writeHome(said, "ssh.says")
		_, log, err := s.layOut(o, "main")
		wantReason(t, err, reason)
		if !strings.Contains(log, strings.TrimSpace(strings.SplitN(said, "\n", 2)[0])) {
			t.Errorf("what was said is not in the log:\n%s", log)
		}
	}
	must(t, os.Remove(filepath.Join(s.home, "ssh.says")))
	o.dir += "nowhere"
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "there is no repository "+o.url())
	s.command("df", `printf 'F 1K U Available\n/dev/x 9 9 5000 9%% /\n'`)
	s.writeHome("write error: No space left on device", "ssh.says")
	_, err = s.asGit(Access{}, `mkdir -p "$root/mirrors"; mirror '`+o.url()+`' main`) // without the checks that come first
	wantReason(t, err, "the build server's disk is full: 4 MB are free")
}

func TestACheckoutNeedsRoom(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	commit := o.commit("a", "1")
	for _, c := range []struct{ free, inodes, reason string }{
		{"262143", "99999", "the build server's disk is full: 255 MB are free below " + s.home + "/slipway, and a build needs at least 256. Free some, or lower keep-artifacts"},
		{"262144", "9999", "the build server's disk has only 9999 inodes left below " + s.home + "/slipway: remove files, or lower keep-artifacts"},
		{"262144", "10000", ""},
		{"262144", "0", ""},
		{"262144", "-", ""},
	} {
		s.command("df", `case $1 in -Pk) n=`+c.free+` ;; -Pi) n=`+c.inodes+` ;; esac; printf 'Filesystem x Used Available\n/dev/x 9 9 %s 9%% /\n' "$n"`)
		if c.reason == "" {
			s.wantTree(o, "main", commit)
			continue
		}
		_, _, err := s.layOut(o, "main")
		wantReason(t, err, c.reason)
		if len(s.sshCalls()) != 0 {
			t.Error("it fetched")
		}
	}
}

func TestAMirrorIsFetchedByOneBuildAtATime(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	commit := o.commit("a", "1")
	s.command("flock", `echo "$*" >>"$HOME/flock.log"; exit 1`)
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "another build has been fetching "+o.url()+" for 600 s")
	if got := s.readHome("flock.log"); got != "-w 600 8\n" || len(s.sshCalls()) != 0 {
		t.Errorf("%q", got)
	}
	// git keeps the lock if the script dies, and cannot answer.
	s.command("flock", "exit 0")
	s.command("ssh", `ls -l /proc/$$/fd >"$HOME/fds"; for command; do :; done; eval "exec $command"`)
	s.wantTree(o, "main", commit)
	if fds := s.readHome("fds"); !strings.Contains(fds, " 8 -> "+s.home+"/slipway/mirrors/app-") || strings.Contains(fds, " 3 -> ") {
		t.Errorf("ssh has\n%s", fds)
	}
}

// A killed fetch leaves git's own lock files behind, and a commit without its
// files.
func TestAMirrorOutlivesAKilledFetch(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	s.wantTree(o, "main", o.commit("a", "1"))
	mirrors, err := filepath.Glob(filepath.Join(s.home, "slipway/mirrors/*.git"))
	must(t, err)
	for _, name := range []string{"packed-refs.lock", "refs/heads/main.lock", "shallow.lock", "config.lock"} {
		must(t, os.WriteFile(filepath.Join(mirrors[0], name), nil, 0o600))
	}
	o.git("reset", "--quiet", "--hard")
	second := o.commit("a", "2")
	cmd := exec.Command("sh", "-c", "git -C '"+o.dir+"' cat-file commit "+second+" | git --git-dir='"+mirrors[0]+"' hash-object -t commit -w --stdin --literally")
	cmd.Env = append(os.Environ(), gitEnv...)
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != second {
		t.Fatalf("%v: %s", err, out)
	}
	s.sshCalls()
	s.wantTree(o, second, second)
	if len(s.sshCalls()) != 1 {
		t.Error("a commit without its files was taken for one that is there")
	}
}

func TestADamagedMirrorIsMadeAgain(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	commit := o.commit("a", "1")
	s.wantTree(o, commit, commit)
	mirrors, err := filepath.Glob(filepath.Join(s.home, "slipway/mirrors/*.git"))
	must(t, err)
	blob := o.git("rev-parse", commit+":a")
	objects := filepath.Join(mirrors[0], "objects")
	must(t, os.Remove(filepath.Join(objects, blob[:2], blob[2:])))
	_, _, err = s.layOut(o, commit)
	wantReason(t, err, "the mirror "+mirrors[0]+" was damaged, and is removed: run the build again")
	s.wantTree(o, commit, commit)
}

func TestSubmodulesAreLaidOutFromMirrorsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	sibling := func(name string) origin {
		other := origin{t, filepath.Join(filepath.Dir(o.dir), name)}
		must(t, os.Mkdir(other.dir, 0o755))
		other.git("init", "--quiet")
		return other
	}
	sub, nested, absolute := sibling("sub"), sibling("nested"), sibling("absolute")
	nested.commit("n", "1")
	nestedAt := nested.commit("n", "2")
	nested.commit("n", "3") // this is not the pinned commit
	sub.commit("s", "1")
	subAt := sub.pin("in it", "deep/nested", "../nested", nestedAt)
	sub.git("checkout", "--quiet", "--detach", "HEAD~1")
	sub.git("branch", "--force", "main", "HEAD") // no branch has the pinned commit
	o.commit("a", "1")
	o.pin("a name", "vendor/a sub", "../sub", subAt)
	commit := o.pin("absolute", "absolute", absolute.url(), absolute.commit("b", "1"))
	s.wantTree(o, "main", commit)
	for name, want := range map[string]string{"vendor/a sub/s": "1", "vendor/a sub/deep/nested/n": "2", "absolute/b": "1"} {
		if got := s.readHome(BuildDir(app), "checkout", name); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	s.sshCalls()
	s.wantTree(o, commit, commit)
	if calls := s.sshCalls(); len(calls) != 0 || s.readHome(BuildDir(app), "checkout/vendor/a sub/deep/nested/n") != "2" {
		t.Errorf("the second build has fetched again: %q", calls)
	}
	if head := runGit(t, s.project("vendor/a sub"), "rev-parse", "HEAD"); head != subAt {
		t.Errorf("the submodule is at %s", head)
	}
}

func TestSubmodulesThatCannotBeLaidOut(t *testing.T) {
	t.Parallel()
	s, o, sub := gitSite(t), newOrigin(t, "app"), newOrigin(t, "sub")
	o.commit("a", "1")
	sub.commit("s", "1")
	o.pin("sub", "sub", sub.url(), strings.Repeat("a", 40))
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "submodule sub: commit "+strings.Repeat("a", 40)+" is not in "+sub.url())
	o.pin("sub", "sub", sub.url()+"nowhere", strings.Repeat("a", 40))
	_, _, err = s.layOut(o, "main")
	wantReason(t, err, "there is no repository "+sub.url()+"nowhere")
	o.git("config", "--file", ".gitmodules", "--unset", "submodule.sub.url")
	o.git("add", ".gitmodules")
	o.git("commit", "--quiet", "--message=x")
	if _, _, err = s.layOut(o, "main"); err == nil {
		t.Error("a submodule without a URL was laid out")
	}
	o.git("rm", "--quiet", "--cached", "sub")
	o.git("commit", "--quiet", "--message=listed, and not there any more")
	if _, _, err = s.layOut(o, "main"); err != nil {
		t.Errorf("an entry that was left over: %v", err)
	}
}

func TestFilesInLFSAreFetchedIntoTheMirror(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	s.writeHome("[filter \"lfs\"]\n\tsmudge = \"echo ${GIT_LFS_SKIP_SMUDGE-} >>$HOME/smudge.log; cat\"\n", ".gitconfig")
	o.commit("plain", "filter=lfs stands in no .gitattributes")
	o.commit("x.big", "a pointer")
	o.commit("deep/x.big", "a pointer")
	s.command("git-lfs", `echo "$* storage=$(git config lfs.storage) smudge=${GIT_LFS_SKIP_SMUDGE-}" >>"$HOME/lfs.log"; [ ! -e "$HOME/lfs.fails" ] || exit 1`)
	s.wantTree(o, "main", head(t, o.dir))
	if got := s.readHome("lfs.log"); got != "" {
		t.Errorf("without files in LFS: %s", got)
	}
	for _, attributes := range []string{"deep/.gitattributes", ".gitattributes"} {
		s.wantTree(o, "main", o.commit(attributes, "*.big filter=lfs diff=lfs merge=lfs -text\n"))
		want := []string{"version storage= smudge=", "install --local --skip-repo storage=" + s.home + "/slipway/mirrors/app-", "pull storage=" + s.home + "/slipway/mirrors/app-"}
		got := strings.Split(strings.TrimSpace(s.readHome("lfs.log")), "\n")
		if !slices.EqualFunc(got, want, strings.HasPrefix) || !strings.Contains(got[2], ".git/lfs ") {
			t.Errorf("%q", got)
		}
		must(t, os.Remove(filepath.Join(s.home, "lfs.log")))
	}
	if got := strings.Fields(s.readHome("smudge.log")); !slices.Equal(slices.Compact(got), []string{"1"}) {
		t.Errorf("what checks out fetches too: %q", got)
	}
	s.writeHome("", "lfs.fails")
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "the repository has files in Git LFS: install git-lfs on the build server")
	s.command("git-lfs", `[ "$1" != pull ]`)
	_, _, err = s.layOut(o, "main")
	wantReason(t, err, "cannot fetch the files in Git LFS: see the lines above")
	o.pin("sub", "sub", o.url()+"nowhere", strings.Repeat("a", 40))
	_, _, err = s.layOut(o, "main")
	wantReason(t, err, "cannot fetch the files in Git LFS") // and nothing after that
}

func TestSubmodulesHaveFilesInLFSToo(t *testing.T) {
	t.Parallel()
	s, o, sub := gitSite(t), newOrigin(t, "app"), newOrigin(t, "sub")
	s.command("git-lfs", `echo "$1 ${PWD##*/} $(git config lfs.storage)" >>"$HOME/lfs.log"`)
	o.commit("a", "1")
	sub.commit(".gitattributes", "*.big filter=lfs\n")
	commit := o.pin("sub", "sub", sub.url(), sub.commit("x.big", "a pointer"))
	s.wantTree(o, "main", commit)
	want := []string{"version ", "install sub " + s.home + "/slipway/mirrors/sub-", "pull sub " + s.home + "/slipway/mirrors/sub-"}
	if got := strings.Split(strings.TrimSpace(s.readHome("lfs.log")), "\n"); !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%q", got)
	}
	s.command("git-lfs", "exit 1")
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "the repository has files in Git LFS: install git-lfs on the build server")
}

func TestWithoutGitItIsSaidSo(t *testing.T) {
	t.Parallel()
	s, o := gitSite(t), newOrigin(t, "app")
	for _, name := range []string{"sh", "sed", "tr", "id"} { // the commands that come first
		file, err := exec.LookPath(name)
		must(t, err)
		must(t, os.Symlink(file, filepath.Join(s.bin, name)))
	}
	s.env = append(s.env, "PATH="+s.bin)
	_, _, err := s.layOut(o, "main")
	wantReason(t, err, "git is not installed on the build server, or not on the PATH of ")
}

// left starts a process that a build may leave running, and reports its end.
func (s *site) left(mark, body string) <-chan error {
	s.t.Helper()
	started := filepath.Join(s.t.TempDir(), "started")
	cmd := exec.Command("sh", "-c", body+"; : >"+started+"; while :; do sleep 1; done")
	cmd.Env = append(os.Environ(), "SLIPWAY_BUILD="+s.home+"/slipway/"+mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(s.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for range 200 {
		if _, err := os.Stat(started); err == nil {
			return ended
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatal("it did not start")
	return nil
}

func TestWhatABuildLeftRunningIsEnded(t *testing.T) {
	onBothShells(t, func(t *testing.T, use func(*site)) {
		for name, reap := range map[string]func(*site) error{
			"discard": func(s *site) error { return s.build(job, nil).Discard(t.Context()) },
			"the next checkout": func(s *site) error {
				_, _, err := s.build(job, nil).Checkout(t.Context(), Source{Repository: "git@h:/nowhere", Revision: "main"})
				if e, ok := err.(*Error); ok && strings.HasPrefix(e.Reason, "there is no repository") {
					return nil
				}
				return err
			},
		} {
			s := gitSite(t)
			use(s)
			s.command("sleep", "exec /bin/sleep 0.05")
			plain := s.left(app.String(), ":")
			deaf := s.left(app.String(), "trap '' TERM")
			other := s.left("apxr/apxr_io_2", ":")
			another := s.left("x/"+app.String(), ":")
			must(t, reap(s))
			for what, ended := range map[string]<-chan error{"one": plain, "one that ignores TERM": deaf} {
				select {
				case <-ended:
				case <-time.After(2 * time.Second):
					t.Errorf("%s: %s is still there", name, what)
				}
			}
			select {
			case <-other:
				t.Errorf("%s has ended what belongs to another application", name)
			case <-another:
				t.Errorf("%s has ended what belongs to another application", name)
			default:
			}
		}
	})
}

// All nodes of the machine use epmd, no matter who started it.
func TestEpmdIsNobodysOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sleep, err := exec.LookPath("sleep")
	must(t, err)
	program, err := os.ReadFile(sleep)
	must(t, err)
	s.writeHome(string(program), "epmd")
	cmd := exec.Command(filepath.Join(s.home, "epmd"), "60")
	cmd.Env = []string{"SLIPWAY_BUILD=" + s.home + "/slipway/" + app.String()}
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	must(t, s.build(job, nil).Discard(t.Context()))
	select {
	case <-ended:
		t.Error("it was ended")
	case <-time.After(100 * time.Millisecond):
	}
}

func TestWhatDoesNotEndIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sleep", "exit 0")
	s.command("grep", `case "$*" in *environ*) echo /proc/4194305/environ ;; *) exit 1 ;; esac`) // no process has such an ID
	wantReason(t, s.build(job, nil).Discard(t.Context()), "processes of an earlier build of apxr/apxr_io do not end: 4194305")
}

func TestAReapHasNothingToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("sleep", `echo slept >>"$HOME/calls"`)
	began := time.Now()
	must(t, s.build(job, nil).Discard(t.Context()))
	if took := time.Since(began); s.readHome("calls") != "" {
		t.Errorf("it waited, %s in all", took)
	}
}
