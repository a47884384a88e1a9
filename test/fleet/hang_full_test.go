//go:build full

package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/apxr/slipway/test/world"
)

// On a host with a dead network file system df never returns. A rollback of two
// such hosts' release must not wait for it for ever.
func TestAHostThatHangsStopsNobodyElse(t *testing.T) {
	w := newFleet(t, 2)
	good, bad := w.deploy(1), w.deploy(2)
	hung := w.Hosts[1]
	w.Root(hung, `mv /usr/bin/df /usr/bin/df.whole && printf '#!/bin/sh\nexec sleep 3600\n' >/usr/bin/df && chmod +x /usr/bin/df`)
	w.Cleanup(func() {
		hung.Run(context.Background(), nil, "sh", "-c", "mv /usr/bin/df.whole /usr/bin/df")
	})
	began := world.Now()
	r := w.Slipway("rollback")
	w.Within(began, world.Now(), 100*time.Second)
	w.Red(1, r, hung.Addr+": no answer for 1m0s (step inspect): something hangs there")
	w.Says(w.Root(w.Hosts[0], "readlink "+base+"/current"), string(good))
	w.Says(w.Root(hung, "readlink "+base+"/current"), string(bad))
	w.Root(hung, "flock -n "+base+"/.slipway/lock true") // it is free again
}
