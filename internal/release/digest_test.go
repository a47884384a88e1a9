package release

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

func digestOf(t *testing.T, m Manifest) Digest {
	t.Helper()
	d, err := m.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADigestIsThatOfTheManifestsFile(t *testing.T) {
	m := manifest(regular("x"))
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if got, want := digestOf(t, m), Digest(hex.EncodeToString(sum[:])); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	parsed, err := ParseManifest(data)
	if err != nil || digestOf(t, parsed) != digestOf(t, m) {
		t.Errorf("%s after parsing, %v", digestOf(t, parsed), err)
	}
}

// Everything that identifies a release is in the digest.
func TestOneIDHasManyDigests(t *testing.T) {
	mode, sum, revision, repository := manifest(regular("x")), manifest(regular("x")), manifest(regular("x")), manifest(regular("x"))
	mode.Files[0].Mode = 0o600
	sum.Files[0].SHA256 = strings.Repeat("cd", 32)
	revision.Revision = strings.Repeat("d", 40)
	repository.Repository = "git@github.com:other/apxr_io.git"
	seen := map[Digest]string{digestOf(t, manifest(regular("x"))): "the release itself"}
	for name, m := range map[string]Manifest{
		"another file": manifest(regular("y")), "another mode": mode, "another sum": sum, "another revision": revision, "another repository": repository,
	} {
		d := digestOf(t, m)
		if seen[d] != "" {
			t.Errorf("%s has the digest of %s", name, seen[d])
		}
		seen[d] = name
	}
}

// A host gets what the build wrote: a digest does not depend on who read it.
func TestFieldsOfANewerSlipwayStayInTheText(t *testing.T) {
	data, err := manifest(regular("x")).JSON()
	if err != nil {
		t.Fatal(err)
	}
	newer := []byte(strings.Replace(string(data), `"format": 1,`, `"format": 1, "signed_by": "ann",`, 1))
	m, err := ParseManifest(newer)
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Text()
	if err != nil || string(text) != string(newer) {
		t.Errorf("%v\n%s", err, text)
	}
	if d := digestOf(t, m); d != DigestOf(newer) || d == DigestOf(data) {
		t.Errorf("the digest is %s", d)
	}
}

func TestParseDigest(t *testing.T) {
	good := strings.Repeat("0a", 32)
	if d, err := ParseDigest(good); err != nil || d.Short() != "0a0a0a0a0a0a" {
		t.Errorf("%s, %v", d.Short(), err)
	}
	for _, s := range []string{"", good[1:], good + "0", strings.ToUpper(good), "sha256:" + good, good[:63] + "\n"} {
		if d, err := ParseDigest(s); err == nil || d != "" {
			t.Errorf("%q is the digest %q", s, d)
		}
	}
	if got := Digest("").Short(); got != "unknown" {
		t.Errorf("no digest is shown as %q", got)
	}
}

func TestAChangeWithAnOddDigestIsNoChange(t *testing.T) {
	line := `{"key":"k","at":"2024-01-01T00:00:00Z","verb":"deploy","to":"20240101T000000","digest":"DIGEST","outcome":"live"}`
	for digest, want := range map[string]int{"": 1, sum: 1, "../x": 0} {
		if h := ParseHistory([]string{strings.Replace(line, "DIGEST", digest, 1)}); len(h) != want {
			t.Errorf("%q: %+v", digest, h)
		}
	}
}
