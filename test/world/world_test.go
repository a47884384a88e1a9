package world

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSettingsAreToldFromArguments(t *testing.T) {
	settings, args := Split([]string{"deploy", "SLIPWAY_ENV=A=b\nC=d", "--hosts=web1", "HOME=/nowhere", "-X=y", "a=b", "--force"})
	if want := []string{"SLIPWAY_ENV=A=b\nC=d", "HOME=/nowhere"}; !slices.Equal(settings, want) {
		t.Errorf("settings %q, want %q", settings, want)
	}
	if want := []string{"deploy", "--hosts=web1", "-X=y", "a=b", "--force"}; !slices.Equal(args, want) {
		t.Errorf("arguments %q, want %q", args, want)
	}
}

func TestTheLastSettingOfANameCounts(t *testing.T) {
	p := Person{T: T{t}, Home: "/home/ann", Settings: []string{"A=general"}, ForVerb: func(verb string) []string { return []string{"A=of " + verb} }}
	cmd := p.Command("rollback", "A=of this run", "--force")
	if at := slices.Index(cmd.Env, "A=of this run"); at < slices.Index(cmd.Env, "A=of rollback") || at < slices.Index(cmd.Env, "A=general") {
		t.Errorf("%q", cmd.Env)
	}
	if got := strings.Join(cmd.Args[1:], " "); got != "rollback --force" {
		t.Errorf("arguments: %s", got)
	}
}

// A command on a host keeps every value unchanged, keeps the two outputs
// separate, and passes on the exit status.
func TestARunOnAHostKeepsItsWords(t *testing.T) {
	dir := t.TempDir()
	hostile := "it's \"$HOME\"\n`id` \\ #"
	script := strings.Replace(thereScript(dir, []string{"VALUE=" + hostile}, []string{"-c", `printf '%s|%s' "$VALUE" "$1"; echo wrong >&2; exit 7`, "sh", hostile}),
		"/usr/local/bin/slipway", "/bin/sh", 1)
	cmd := exec.Command("sh", "-s")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	code, err := exitCode(err)
	if code != 7 || err != nil || string(out) != hostile+"|"+hostile {
		t.Errorf("exit %d, %v: %q", code, err, out)
	}
	if got := (T{t}).Read(dir + "/stderr"); got != "wrong\n" {
		t.Errorf("standard error: %q", got)
	}
}

func TestParsePressure(t *testing.T) {
	const both = "some avg10=98.26 avg60=98.63 avg300=97.60 total=2076036449\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	if waited, ok := parsePressure(both); !ok || waited.Microseconds() != 2076036449 {
		t.Errorf("%s, %v", waited, ok)
	}
	for _, text := range []string{"", "some avg10=0.00", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0", "some total=x"} {
		if _, ok := parsePressure(text); ok {
			t.Errorf("%q was understood", text)
		}
	}
}

func TestTimeInWhichProcessesWaitedDoesNotCount(t *testing.T) {
	from := Moment{time.Unix(100, 0), 5 * time.Second, true}
	if took, idle := between(from, Moment{time.Unix(110, 0), 9 * time.Second, true}); took != 10*time.Second || idle != 6*time.Second {
		t.Errorf("%s, %s", took, idle)
	}
	if took, idle := between(from, Moment{At: time.Unix(116, 0)}); took != 16*time.Second || idle != 2*time.Second {
		t.Errorf("on a kernel that does not measure it: %s, %s", took, idle)
	}
}
