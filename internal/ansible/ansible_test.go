package ansible

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// standIn returns an Ansible whose ansible-playbook is a shell script.
func standIn(t *testing.T, script string) (*Programs, func(string) string) {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"ansible-playbook", "ansible-inventory"} {
		text := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'ansible-playbook [core 2.19.0b1]'; exit; fi\n" + script
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	getenv := func(name string) string {
		return map[string]string{"PATH": bin + ":/usr/bin:/bin", "HOME": "/nowhere", "INPUT_SETUP-KEY": "s3cr3t", "AWS_SECRET": "s3cr3t"}[name]
	}
	p, err := Open(getenv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if _, err := os.Stat(p.Dir()); err == nil {
			t.Error("the private directory is left")
		}
	})
	return p, getenv
}

func TestSecretsComeThroughNamedPipes(t *testing.T) {
	big := strings.Repeat("line of many\n", 20_000) // more than a pipe can hold
	p, _ := standIn(t, `for o; do case $o in --vault*) cat "${o#*=}" ;; --extra-vars=@*) cat "${o#*@}" ;; esac; done`)
	var out strings.Builder
	err := p.Playbook(t.Context(), Call{Vault: []byte("password"), Vars: []byte(big), Stdout: &out})
	if err != nil || out.String() != "password"+big {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}

func TestSecretsThatNobodyReadsKeepNobodyWaiting(t *testing.T) {
	for name, script := range map[string]string{
		"not opened": "exit 0", "left open": `for o; do case $o in --extra-vars=@*) head -c 10 "${o#*@}" >/dev/null ;; esac; done`,
	} {
		p, _ := standIn(t, script)
		began := time.Now()
		if err := p.Playbook(t.Context(), Call{Vault: []byte("x"), Vars: []byte(strings.Repeat("x", 1<<20))}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: %s", name, took)
		}
		if left, _ := filepath.Glob(p.Dir() + "/secret-*"); len(left) > 0 && name == "left open" && len(left) > 1 {
			t.Errorf("%s: %v", name, left)
		}
	}
}

func TestAnsibleSeesNothingOfOurEnvironment(t *testing.T) {
	p, _ := standIn(t, "env; cat \"$ANSIBLE_CONFIG\"")
	var out strings.Builder
	if err := p.Playbook(t.Context(), Call{Stdout: &out, Env: []string{"OWN=1"}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "s3cr3t") || !strings.Contains(out.String(), "OWN=1\n") || !strings.Contains(out.String(), "ANSIBLE_HOME="+p.Dir()) {
		t.Errorf("%s", out.String())
	}
}

// A playbook that ignores signals is killed with its whole process group.
func TestACancelEndsTheWholeGroup(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	p, _ := standIn(t, "trap '' INT TERM\n(trap '' INT TERM; echo $$ >>"+pids+"; exec sleep 60) &\necho $! >>"+pids+"\nsleep 60; sleep 60")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(500*time.Millisecond, cancel)
	began := time.Now()
	err := p.Playbook(ctx, Call{})
	if took := time.Since(began); err == nil || took > 7*time.Second {
		t.Errorf("%v after %s", err, took)
	}
	text, readErr := os.ReadFile(pids)
	if readErr != nil {
		t.Fatal(readErr)
	}
	for _, pid := range strings.Fields(string(text)) {
		if !ends("/proc/" + pid + "/stat") {
			t.Errorf("process %s is left", pid)
		}
	}
}

// ends waits for a process to end: a killed process may take a moment.
func ends(stat string) bool {
	for range 500 {
		state, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(state), ") Z") {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func TestVersionsThatSuffice(t *testing.T) {
	for version, want := range map[string]bool{"2.14.18": true, "2.13.9": false, "2.9.27": false, "2.14.0rc1": true, "2.20": true, "3.0": true, "1.99": false} {
		if isEnough(version) != want {
			t.Errorf("%s: %t", version, !want)
		}
	}
}

func TestPrivateDirectory(t *testing.T) {
	p, _ := standIn(t, "")
	info, err := os.Stat(p.Dir())
	if err != nil || info.Mode().Perm() != 0o700 || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Getuid()) {
		t.Errorf("%v, %v", info, err)
	}
	if !strings.HasPrefix(p.Dir(), memory) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test must run in CI: there is no %s", memory)
		}
		t.Skip("there is no " + memory)
	}
}

func TestHostsOfAGroup(t *testing.T) {
	i, err := parse([]byte(`{"_meta":{"hostvars":{"b":{"port":2222,"deep":{"x":["one",{"y":"two"}]}}}},
		"all":{"children":["ungrouped","web"]},"web":{"hosts":["c","b"],"children":["eu","loop"]},"eu":{"hosts":["b","a"]},"loop":{"children":["web"]},"empty":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range i.Hosts("web") {
		names = append(names, h.Name)
	}
	if !slices.Equal(names, []string{"c", "b", "a"}) || !slices.Equal(i.Groups(), []string{"eu", "loop", "web"}) {
		t.Errorf("%v %v", names, i.Groups())
	}
	b := i.Hosts("web")[1]
	if b.Text("port") != "2222" || b.Text("none") != "" || !slices.Equal(b.Texts("deep"), []string{"one", "two"}) {
		t.Errorf("%+v", b)
	}
	if _, err := parse([]byte(`{"web":{"hosts":"s3cr3t"}}`)); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("%v", err)
	}
}

// An Ansible that does not use the plugin would read no variables at all, and the
// hosts would have the wrong users.
func TestAnAnsibleThatDoesNotTakeThePluginReadsAllVariables(t *testing.T) {
	const all = `echo '{"_meta":{"hostvars":{"w1":{"slipway_deploy_user":"release"}}},"web":{"hosts":["w1"]}}'`
	const none = `echo '{"web":{"hosts":["w1"]}}'`
	for name, c := range map[string]struct{ plain, user string }{
		"ignores it": {none, "release"}, "fails": {"exit 4", "release"}, "prints something else": {`: >"$SLIPWAY_LEFT_OUT"; echo hello`, "release"},
		"takes it": {`: >"$SLIPWAY_LEFT_OUT"; ` + none, ""},
	} {
		p, _ := standIn(t, `if [ "$ANSIBLE_VARS_PLUGINS" ]; then `+c.plain+"\nelse "+all+"\nfi")
		i, err := p.List(t.Context(), Source{Path: p.Dir(), Plain: true})
		if err != nil || len(i.Hosts("web")) != 1 || i.Hosts("web")[0].Text("slipway_deploy_user") != c.user {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}
