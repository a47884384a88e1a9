//go:build full

package hosts

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// Where the artifact lies, nothing is sent: the bytes that the host receives
// are those of the conversation alone.
func TestNothingIsSentToTheHostThatHasTheArtifact(t *testing.T) {
	const padding = 20 << 20
	noise := make([]byte, padding)
	source := rand.NewChaCha8([32]byte{})
	source.Read(noise)
	padded := func(n int) light.Release {
		return light.Release{ID: light.At(n), Files: map[string]string{"lib/noise": string(noise)}}
	}
	// measured deploys a release and returns what the host received.
	measured := func(w *webHost, id release.ID, how string, words ...string) int {
		t.Helper()
		before := w.received()
		r := w.Slipway(world.DeployOf(id, words...)...)
		got := w.received() - before
		w.Red(0, r, how)
		w.runs(id)
		return got
	}
	elsewhere := newWorld(t)
	sent := measured(elsewhere, elsewhere.Put(padded(1)), "staged and verified")
	if sent < padding {
		t.Fatalf("%d bytes of random data came as %d", padding, sent)
	}
	there := alone(elsewhere.OnItself())
	copied := measured(there, there.Put(padded(2)), "copied from the artifact and verified")
	addr := there.host.Addr
	asked := measured(elsewhere, there.Put(padded(3)), "copied from the artifact and verified", "--build-host", "deploy@"+addr+":22", "--hosts", addr)
	t.Logf("received: %d bytes when sent (ratio 1), %d when this machine asks for a copy (%.5f), %d when Slipway runs there (%.5f)",
		sent, asked, float64(asked)/float64(sent), copied, float64(copied)/float64(sent))
	if asked > padding/100 || copied > padding/100 {
		t.Errorf("what lies on the host was sent to it: %d and %d bytes came", asked, copied)
	}
}

// received is how many bytes the host's interface has received.
func (w *webHost) received() int {
	w.Helper()
	n, err := strconv.Atoi(w.root(`awk '$1 == "host0:" { print $2 }' /proc/net/dev`))
	w.Must(err)
	return n
}

// The application's directory may be a link to a larger disk.
func TestTheDirectoryMayBeALink(t *testing.T) {
	w := newWorld(t)
	w.root("rm -rf /srv/shop && mv " + base + " /srv/shop && ln -s /srv/shop " + base)
	w.cleanup("systemctl stop " + unit + "; rm -rf /srv/shop " + base)
	first := w.Deploy(1)
	second := w.Deploy(2)
	said := w.OK("releases").Stdout
	if !strings.Contains(said, string(second)) || !strings.Contains(said, "current, running") {
		t.Errorf("%s", said)
	}
	bad := w.bad()
	w.Red(1, w.Slipway(world.DeployOf(bad)...), "the release exits", "back on "+string(second))
	w.OK("rollback")
	if got := w.root("readlink -f " + base + "/current; curl --silent " + health); !strings.HasPrefix(got, "/srv/shop/releases/"+string(first)+"\n") || !strings.Contains(got, `"release": "`+string(first)+`"`) {
		t.Errorf("the host has %s", got)
	}
}
