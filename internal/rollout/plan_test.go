package rollout

import (
	"flag"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAPlanSaysWhatItComesTo(t *testing.T) {
	small := Plan{Plan: host.Plan{
		Layout: release.Layout{Base: "/opt/apxr/apxr_io"}, Keep: 5,
		Service: config.Service{Units: []string{"apxr_io.service"}, Timeout: time.Minute, Settle: 2 * time.Second},
	}}
	env := config.Env{Variables: []config.Variable{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}}
	big := small
	big.Units, big.Env, big.Ports = []string{"web.service", "worker.service"}, &env, []int{4001, 4002}
	big.Once, big.Migrate = "bin/app eval 'Seed.once()'", "app-migrate.service"
	big.Before, big.After, big.Restart = "bin/app eval 'Migrate.up()'\nbin/app eval 'Seed.run()'\n", "true", config.Restart{Flag: "/run/app/restart"}
	big.Health = &config.Health{URL: &url.URL{Scheme: "https", Host: "127.0.0.1:4001", Path: "/health"}, ServerName: "apxr.io", Status: []config.StatusRange{{First: 200, Last: 299}, {First: 302, Last: 302}}, Body: regexp.MustCompile("ok")}
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
