package hosts

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// What runs, the one below it and their environments stay; what is older goes,
// and is refused from then on.
func TestPruneKeepsWhatARollbackNeeds(t *testing.T) {
	w := newWorld(t)
	var ids []release.ID
	for n, greeting := range []string{"one", "two", "three"} {
		ids = append(ids, w.Deploy(n+1, append(w.env("GREETING="+greeting+"\n"), "--keep-releases", "2")...))
	}
	for _, list := range []string{"ls releases", "ls .slipway/releases", "for a in activations/*; do basename $(readlink $a/release); done"} {
		if left := strings.Fields(w.root("cd " + base + " && " + list)); !slices.Equal(left, []string{string(ids[1]), string(ids[2])}) {
			t.Errorf("%s: %s", list, left)
		}
	}
	before := w.State()
	w.Red(1, w.Slipway("rollback", "--release-id", string(ids[0])),
		w.host.Addr+": release "+string(ids[0])+" is not on this host, which has "+string(ids[1])+", "+string(ids[2]), "the next good one here is")
	w.Same(before)
	w.OK("rollback")
	w.greets(ids[1], "two")
	w.Red(1, w.Slipway("rollback"), "release "+string(ids[0])+" is not on this host, which has "+string(ids[1]), "no other release in this host's history is good")
}
