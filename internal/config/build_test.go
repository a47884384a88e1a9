package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDefaultsOfABuild(t *testing.T) {
	c, err := Load(BuildRelease, good(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := Build{
		Repository: "git@github.com:apxr/apxr_io.git", Revision: strings.Repeat("a", 40),
		ProjectDir: ".", MixEnv: "prod", KeepArtifacts: 10, KeepFor: 72 * time.Hour,
	}
	if !reflect.DeepEqual(c.Build, want) {
		t.Errorf("got  %+v\nwant %+v", c.Build, want)
	}
}

func TestABuildOnTheMachineItselfNeedsNoKey(t *testing.T) {
	none := map[string]string{"build-host": "local", "ssh-key": "", "known-hosts": ""}
	if c, err := Load(BuildRelease, good(none)); err != nil || !c.BuildHost.IsLocal() || c.BuildHost.String() != "local" {
		t.Errorf("%+v, %v", c.BuildHost, err)
	}
	if h, err := ParseHost("local:22"); err != nil || h.IsLocal() {
		t.Errorf("%+v, %v: only the bare word is the machine itself", h, err)
	}
}

const keyA, keyB = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "-----BEGIN RSA PRIVATE KEY-----\nBBBB\n-----END RSA PRIVATE KEY-----\n"

func TestDeployKeys(t *testing.T) {
	const own, dep = "git@github.com:apxr/apxr_io.git", "git@github.com:apxr/dep.git"
	for name, c := range map[string]struct {
		text string
		want []DeployKey
		says string
	}{
		"none":                       {"", nil, ""},
		"one, for the repository":    {keyA, []DeployKey{{own, []byte(keyA)}}, ""},
		"one for each":               {keyA + "\n# the library\n" + dep + "\n" + keyB, []DeployKey{{own, []byte(keyA)}, {dep, []byte(keyB)}}, ""},
		"a mangled one is kept":      {`-----BEGIN X-----\n-----END X-----` + "\n" + dep + "\n" + keyB, []DeployKey{{own, []byte(`-----BEGIN X-----\n-----END X-----` + "\n")}, {dep, []byte(keyB)}}, ""},
		"two for one repository":     {keyA + keyB, nil, "two keys for " + own},
		"no key below a URL":         {keyA + dep, nil, "no key stands below " + dep},
		"something else":             {"s3cr3t\n" + keyA, nil, "a line outside of a key"},
		"a cut key and what follows": {"-----BEGIN X-----\nAAAA\n" + dep + "\n", []DeployKey{{own, []byte("-----BEGIN X-----\nAAAA\n" + dep + "\n")}}, ""},
	} {
		cfg, err := Load(BuildRelease, good(map[string]string{"deploy-keys": c.text}))
		switch {
		case c.says == "" && (err != nil || !reflect.DeepEqual(cfg.Build.DeployKeys, c.want)):
			t.Errorf("%s: %q, %v", name, cfg.Build.DeployKeys, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cr3t")):
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := mistakes(t, BuildRelease, good(map[string]string{"deploy-keys": keyA, "forward-agent": "true"})); len(m) != 1 || !strings.HasPrefix(m[0], "forward-agent: ") {
		t.Errorf("%q", m)
	}
}

func TestBuildEnv(t *testing.T) {
	text := "# comment\nA=1\r\n\n B_2 =x=y <<z\nPEM<<END\nline 1\n\nline=2\nEND\nEMPTY=\nEND2<<\"E O\"\n\"E O\"\nLAST=ü $(id)"
	c, err := Load(BuildRelease, good(map[string]string{"build-env": text}))
	want := []Variable{{"A", "1"}, {"B_2", "x=y <<z"}, {"PEM", "line 1\n\nline=2"}, {"EMPTY", ""}, {"END2", ""}, {"LAST", "ü $(id)"}}
	if err != nil || !reflect.DeepEqual(c.Build.Env, want) {
		t.Errorf("%q, %v", c.Build.Env, err)
	}
	for text, says := range map[string]string{
		"s3cr3t":                 "line 1 is not NAME=VALUE",
		"A=1\ns3cr3t-x=2":        "line 2 is not NAME=VALUE",
		"2A=s3cr3t":              "line 1 is not NAME=VALUE",
		"=s3cr3t":                "line 1 is not NAME=VALUE",
		"A B=s3cr3t":             "line 1 is not NAME=VALUE",
		"s3cr3t $(id)=1":         "line 1 is not NAME=VALUE",
		"A=1\nB=2\nA=s3cr3t":     "line 3: A is there twice",
		"A<<END\ns3cr3t\n":       "line 1: its end mark is not there",
		"MIX_ENV=s3cr3t":         "line 1: MIX_ENV is Slipway's own to set: use mix-env",
		"GIT_SSH_COMMAND=s3cr3t": "Slipway's own",
		"LD_PRELOAD=s3cr3t":      "Slipway's own",
		"SLIPWAY_X=s3cr3t":       "Slipway's own",
		"A=s3cr3t\x00":           "A has a NUL",
	} {
		m := mistakes(t, BuildRelease, good(map[string]string{"build-env": text}))
		if len(m) != 1 || !strings.Contains(m[0], says) || strings.Contains(m[0], "s3cr3t") {
			t.Errorf("%q: %q, want %q and no value", text, m, says)
		}
	}
	if m := mistakes(t, BuildRelease, good(map[string]string{"build-env": "x\nHOME=/\n"})); len(m) != 2 {
		t.Errorf("all mistakes at once: %q", m)
	}
}

func TestABuildIsCleanOrIncremental(t *testing.T) {
	refuses(t, BuildRelease, []wrong{
		one("incremental", "true", "clean is true too: choose one").with(map[string]string{"clean": "true"}),
	})
	for _, set := range []string{"clean", "incremental"} {
		if _, err := Load(BuildRelease, good(map[string]string{set: "true"})); err != nil {
			t.Error(err)
		}
	}
}
