//go:build full

package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/apxr/slipway/test/world"
)

// On a host where something is dead, such as a network file system, a program of a look
// never returns. A rollback of two hosts must not wait for it for ever.
func TestAHostThatHangsStopsNobodyElse(t *testing.T) {
	w := newFleet(t, 2)
	good, bad := w.deploy(1), w.deploy(2)
	hung := w.Hosts[1]
	w.Root(hung, `mv /usr/bin/getconf /usr/bin/getconf.whole && printf '#!/bin/sh\nexec sleep 3600\n' >/usr/bin/getconf && chmod +x /usr/bin/getconf`)
	w.Cleanup(func() {
		hung.Run(context.Background(), nil, "sh", "-c", "mv /usr/bin/getconf.whole /usr/bin/getconf")
	})
	began := world.Now()
	r := w.Slipway("rollback")
	w.Within(began, world.Now(), 100*time.Second)
	w.Red(1, r, hung.Addr+": no answer for 1m0s (step inspect): something hangs there")
	w.Says(w.Root(w.Hosts[0], "readlink "+base+"/current"), string(good))
	w.Says(w.Root(hung, "readlink "+base+"/current"), string(bad))
	w.Root(hung, "flock -n "+base+"/.slipway/lock true") // it is free again
}
