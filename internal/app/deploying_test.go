package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/script"
)

// putArtifact makes an artifact below the home of this machine's user, and returns
// its digest.
func putArtifact(t *testing.T, home string, m release.Manifest) release.Digest {
	t.Helper()
	dir := filepath.Join(home, script.ArtifactDir(release.App{Org: m.Org, Name: m.App}, m.ReleaseID))
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return release.DigestOf(data)
}

// An artifact may be replaced while a deploy waits for its approval. No host is even
// looked at then.
func TestAReplacedArtifactIsNotDeployed(t *testing.T) {
	home := t.TempDir()
	m := release.Manifest{
		Format: release.ManifestFormat, ReleaseID: "20171114T072116", Org: "apxr", App: "apxr_io", Version: "0.1.0",
		OS: "Linux", Arch: "x86_64", Files: []release.File{{Path: "bin", Kind: release.Dir}},
	}
	built := putArtifact(t, home, m)
	for _, verb := range []string{"deploy", "stage"} {
		m.Version = "0.1.0"
		putArtifact(t, home, m)
		deploy := func(digest release.Digest) *world {
			w := newWorld(verb, "--app", "apxr/apxr_io", "--build-host", "local", "--hosts", "local",
				"--release-id", string(m.ReleaseID), "--release-digest", string(digest), "--deploy-to", filepath.Join(home, "web"))
			w.env["HOME"], w.env["PATH"] = home, os.Getenv("PATH")
			return w
		}
		const looks = "Look at 1 host"
		deploy(built).cli(t, exitFailed, looks)
		m.Version = "6.6.6"
		putArtifact(t, home, m)
		w := deploy(built)
		w.cli(t, exitFailed, "artifact 20171114T072116 of apxr/apxr_io has other contents than the release that is to be deployed", built.Short(), "build again")
		if strings.Contains(w.errOut.String(), looks) {
			t.Errorf("%s: it went on:\n%s", verb, w.errOut.String())
		}
		deploy("").cli(t, exitFailed, looks) // as before, the ID alone may say which release is meant
	}
}

func TestARunIsForOneDigest(t *testing.T) {
	c := config.Config{ReleaseID: "20171114T072116", Digest: digest}
	if p := planOf(c, origin{}); p.Target != c.ReleaseID || p.Digest != digest {
		t.Errorf("the plan is for %s, digest %q", p.Target, p.Digest)
	}
	// What was built is deployed in the same run.
	j := job{}.of(report.Build{Made: &made, Digest: digest})
	if j.ReleaseID != made.ReleaseID || j.Digest != digest {
		t.Errorf("the deploy after a build is for %s, digest %q", j.ReleaseID, j.Digest)
	}
}
