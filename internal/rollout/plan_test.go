package rollout

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAPlanSaysWhatItComesTo(t *testing.T) {
	small := Plan{Layout: release.Layout{Base: "/opt/apxr/apxr_io"}, Units: []string{"apxr_io.service"}, Timeout: time.Minute, Settle: 2 * time.Second, Keep: 5}
	env := "export A='1'\nexport B='2'\n"
	big := small
	big.Units, big.Environment, big.Ports = []string{"web.service", "worker.service"}, &env, []int{4001, 4002}
	big.Once, big.Migrate = "bin/app eval 'Seed.once()'", "app-migrate.service"
	big.Before, big.After, big.Restart = "bin/app eval 'Migrate.up()'\nbin/app eval 'Seed.run()'\n", "true", script.Restart{Flag: "/run/app/restart"}
	big.Health = &Health{URL: parsed(t, "https://127.0.0.1:4001/health"), ServerName: "apxr.io", Status: []Range{{200, 299}, {302, 302}}, Body: regexp.MustCompile("ok")}
	m := release.Manifest{ReleaseID: id2, Version: "1.2.0", Revision: strings.Repeat("ab", 20), Files: []release.File{{Size: 1500000}}}
	golden(t, "small.golden", small.steps(release.Deploy, m))
	golden(t, "big.golden", big.steps(release.Deploy, m))
	golden(t, "rollback.golden", small.steps(release.Rollback, release.Manifest{}))
}

func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	path := "testdata/" + name
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}
