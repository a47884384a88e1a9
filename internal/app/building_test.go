package app

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// newKey returns a private key as in a file, and its public half.
func newKey(t *testing.T) (private []byte, public string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

// wholeBuild returns a build with a distinct value in every field.
func wholeBuild(t *testing.T) (b config.Build, public []string) {
	one, publicOne := newKey(t)
	two, publicTwo := newKey(t)
	return config.Build{
		Repository: "https://h.test:8443/apxr/apxr_io.git", Revision: "main", GitToken: "t0ken",
		DeployKeys:   []config.DeployKey{{Repository: "git@h.test:apxr/one.git", PEM: one}, {Repository: "ssh://git@h.test:2222/apxr/two", PEM: two}},
		ForwardAgent: true, GitKnownHosts: "h.test ssh-ed25519 AAAA", ProjectDir: "apps/web", MixEnv: "staging", Release: "web", BeforeRelease: "true",
		Env: []config.Variable{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}, Clean: true, Incremental: true, KeepArtifacts: 7, KeepFor: time.Hour,
	}, []string{publicOne, publicTwo}
}

func noEnv(string) string { return "" }

func planFor(t *testing.T, b config.Build) build.Plan {
	t.Helper()
	// Whether an agent is there does not matter here.
	withKeys := b
	withKeys.ForwardAgent = false
	k, err := openKeys(withKeys, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return buildPlan(config.Config{App: release.App{Org: "apxr", Name: "apxr_io"}, Build: b, WaitForLock: time.Minute}, k, origin{who: "ann", run: "http://run", ref: "refs/heads/main"})
}

func TestABuildsSettingsBecomeItsPlan(t *testing.T) {
	b, public := wholeBuild(t)
	want := build.Plan{
		App: release.App{Org: "apxr", Name: "apxr_io"}, Repository: b.Repository, Revision: "main",
		Access: script.Access{
			Token: "t0ken", TokenHost: "h.test:8443", ForwardAgent: true, KnownHosts: "h.test ssh-ed25519 AAAA",
			Identities: []script.Identity{{Repository: "h.test:22/apxr/one", PublicKey: public[0]}, {Repository: "h.test:2222/apxr/two", PublicKey: public[1]}},
		},
		Dir: "apps/web", MixEnv: "staging", Release: "web", BeforeRelease: "true", Env: []script.Variable{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		Clean: true, Incremental: true, WaitForLock: time.Minute, KeepArtifacts: 7, KeepFor: time.Hour, Ref: "refs/heads/main", Who: "ann", Run: "http://run",
	}
	if got := planFor(t, b); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Every setting must affect a plan, and every part of a plan must come from a
// setting: otherwise one was forgotten.
func TestNoSettingOfABuildIsForgotten(t *testing.T) {
	whole, _ := wholeBuild(t)
	plan := planFor(t, whole)
	fields := reflect.ValueOf(whole)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if fields.Field(i).IsZero() {
			t.Errorf("config.Build.%s has no value in this test", name)
			continue
		}
		without := whole
		reflect.ValueOf(&without).Elem().Field(i).SetZero()
		if reflect.DeepEqual(planFor(t, without), plan) {
			t.Errorf("no plan depends on config.Build.%s", name)
		}
	}
	for _, part := range []reflect.Value{reflect.ValueOf(plan), reflect.ValueOf(plan.Access)} {
		for i := range part.NumField() {
			if part.Field(i).IsZero() {
				t.Errorf("no setting makes %s.%s", part.Type(), part.Type().Field(i).Name)
			}
		}
	}
}

func TestATokensServerIsThatOfTheRepository(t *testing.T) {
	for repository, want := range map[string]string{"https://h.test/x": "h.test", "https://h.test:8443/x": "h.test:8443", "git@h.test:x": "h.test", "ssh://git@h.test:2222/x": "h.test"} {
		if got := planFor(t, config.Build{Repository: repository}).Access.TokenHost; got != want {
			t.Errorf("%s: %s, want %s", repository, got, want)
		}
	}
}

func TestDeployKeysAreLentAsAnAgent(t *testing.T) {
	b, public := wholeBuild(t)
	b.ForwardAgent = false
	k, err := openKeys(b, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	listed, err := k.agent.List()
	if err != nil || len(listed) != 2 || len(k.identities) != 2 {
		t.Fatalf("%v, %v, %v", listed, k.identities, err)
	}
	for i, want := range public {
		if !strings.HasPrefix(listed[i].String(), want) || k.identities[i].PublicKey != want {
			t.Errorf("key %d is %s", i, listed[i])
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

func TestWithoutKeysNoAgentIsLent(t *testing.T) {
	k, err := openKeys(config.Build{}, func(string) string { return "/nowhere" }) // forward-agent is off
	if err != nil || k.agent != nil || k.identities != nil {
		t.Errorf("%+v, %v", k, err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

func TestAForwardedAgentIsTheUsersOwn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	keyring := agent.NewKeyring()
	_, key, _ := ed25519.GenerateKey(nil)
	if err := keyring.Add(agent.AddedKey{PrivateKey: key, Comment: "mine"}); err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			agent.ServeAgent(keyring, conn)
		}
	}()
	k, err := openKeys(config.Build{ForwardAgent: true}, func(name string) string { return map[string]string{"SSH_AUTH_SOCK": socket}[name] })
	if err != nil {
		t.Fatal(err)
	}
	if listed, err := k.agent.List(); err != nil || len(listed) != 1 || listed[0].Comment != "mine" || k.identities != nil {
		t.Errorf("%v, %v", listed, err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if _, err := k.agent.List(); err == nil {
		t.Error("it is still open")
	}
}

// buildSettings returns the settings of a build on the machine itself, without
// a key.
func buildSettings(more ...string) *world {
	w := newWorld(append([]string{"build-release", "--app", "apxr/apxr_io", "--build-host", "local", "--repository", "git@h.test:x", "--revision", "main"}, more...)...)
	w.env["HOME"] = "/nonexistent"
	return w
}

func TestKeysThatAreOfNoUseAreMistakesBeforeAnythingIsDone(t *testing.T) {
	buildSettings("--forward-agent").cli(t, exitUsage, "forward-agent: SSH_AUTH_SOCK is not set")
	w := buildSettings("--forward-agent")
	w.env["SSH_AUTH_SOCK"] = "/nonexistent/socket"
	w.cli(t, exitUsage, "forward-agent: no SSH agent answers at SSH_AUTH_SOCK")
	w = buildSettings()
	w.env["SLIPWAY_DEPLOY_KEYS"] = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
	w.cli(t, exitUsage, "deploy-keys: key for git@h.test:x: ")
}

var silent = progress.New(progress.Terminal{W: io.Discard})

func TestOnlyServersNeedAKey(t *testing.T) {
	here, there := config.Host{Host: "local"}, config.Host{User: "deploy", Host: "b.test"}
	private, _ := newKey(t)
	known := []byte("b.test ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkaHNFSbcjIpPZl2xRh1z2MyHEwgSiQ4wF6gnVyzgqm\n")
	for name, c := range map[string]struct {
		cfg config.Config
		ok  bool
	}{
		"the machine itself":           {config.Config{BuildHost: here}, true},
		"the machine itself and hosts": {config.Config{BuildHost: here, Hosts: []config.Host{there}}, false},
		"a build server":               {config.Config{BuildHost: there}, false},
		"a server called local":        {config.Config{BuildHost: config.Host{User: "deploy", Host: "local"}}, false},
		"hosts alone":                  {config.Config{Hosts: []config.Host{there}}, false},
		"a build server with a key":    {config.Config{BuildHost: there, Access: config.Access{Key: private, KnownHosts: known}}, true},
		"everything local":             {config.Config{BuildHost: here, Hosts: []config.Host{here}}, true},
	} {
		d, err := newDialer(c.cfg, noEnv, silent)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && d.getenv == nil {
			t.Errorf("%s: the dialer knows no environment", name)
		}
		if err != nil && !strings.Contains(err.Error(), "ssh-key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheMachineItselfCanBeTheBuildServer(t *testing.T) {
	home := t.TempDir()
	d, err := newDialer(config.Config{BuildHost: config.Host{Host: "local"}}, func(name string) string {
		return map[string]string{"HOME": home, "PATH": os.Getenv("PATH"), "SECRET": "x"}[name]
	}, silent)
	if err != nil {
		t.Fatal(err)
	}
	host, err := d.buildServer(t.Context(), config.Host{Host: "local"})
	if err != nil {
		t.Fatal(err)
	}
	heard, ok := host.Host.(struct {
		build.Host
		ears
	})
	if _, here := heard.Host.(*local.Machine); !ok || !here {
		t.Errorf("it is a %T", host.Host)
	}
	run := func(m script.Machine) string {
		t.Helper()
		var out strings.Builder
		if err := m.Exec(t.Context(), `echo "$HOME|${SECRET-}|${SSH_AUTH_SOCK:+agent}"`, strings.NewReader(""), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out.String())
	}
	for what, got := range map[string]string{"||": run(host), "||agent": run(host.lend(agent.NewKeyring())), "||none": run(host.lend(nil))} {
		want := home + strings.TrimSuffix(what, "none")
		if what == "||none" {
			want = home + "||"
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := host.WriteFile(t.Context(), "x", []byte("text")); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(filepath.Join(home, "x")); err != nil || string(data) != "text" {
		t.Errorf("%q, %v", data, err)
	}
	if err := host.Close(); err != nil {
		t.Error(err)
	}
}

func TestABuildServerThatCannotBeReachedIsAnError(t *testing.T) {
	private, _ := newKey(t)
	there := config.Host{User: "deploy", Host: "127.0.0.1", Port: "1"}
	d, err := newDialer(config.Config{BuildHost: there, Access: config.Access{Key: private, KnownHosts: []byte("[127.0.0.1]:1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkaHNFSbcjIpPZl2xRh1z2MyHEwgSiQ4wF6gnVyzgqm\n")}}, noEnv, silent)
	if err != nil {
		t.Fatal(err)
	}
	host, err := d.buildServer(t.Context(), there)
	if err == nil || host.Host != nil {
		t.Errorf("%+v, %v", host, err)
	}
	for _, h := range []config.Host{there, {User: "x", Host: "127.0.0.1", Port: "1"}} {
		if reached, err := d.heard(t.Context(), h); err == nil || reached != nil { // a nil *remote.Conn would be a host.Conn
			t.Errorf("%s: %v, %v", h, reached, err)
		}
	}
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) {
		t.Error(fmt.Errorf("that is no mistake in the settings: %w", err))
	}
}

// git on the machine itself gets the keys, and a failed build reports how long
// its phases took.
func TestABuildThatFailsHasAnOutcome(t *testing.T) {
	home, bin := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte("#!/bin/sh\nssh-add -L >\"$HOME/keys\"\necho 'git@h.test: Permission denied (publickey).' >&2\nexit 255\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	private, public := newKey(t)
	w := buildSettings("--wait-for-lock", "0s")
	w.env["HOME"], w.env["PATH"], w.env["SLIPWAY_DEPLOY_KEYS"] = home, bin+":"+os.Getenv("PATH"), string(private)
	w.cli(t, exitFailed, "git@h.test:x may not be read with these credentials", "    Check out main ")
	if w.out.Len() > 0 {
		t.Errorf("stdout: %s", w.out.String())
	}
	if listed, err := os.ReadFile(filepath.Join(home, "keys")); err != nil || !strings.HasPrefix(string(listed), public+" ") {
		t.Errorf("git has the keys %q, %v", listed, err)
	}
}
