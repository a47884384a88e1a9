package fleet

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// Twenty runs at once want the same three hosts: some wait for the others, some
// would rather be refused.
func TestTwentyDeploysAtOnce(t *testing.T) {
	w := newFleet(t, 3)
	const all, patient = 20, 4
	runs := make([]*world.Run, all)
	for i := range all {
		wait := "0s"
		if i < patient {
			wait = "30m"
		}
		runs[i] = w.Begin(world.DeployOf(w.Artifact(1+i, light.Way{}), "--wait-for-lock", wait, "SLIPWAY_SETTLE=100ms")...)
	}
	refused, waited := 0, 0
	for i, run := range runs {
		r := run.Wait()
		switch {
		case r.Code == 0:
			if strings.Contains(r.Stderr, "waiting up to") {
				waited++
			}
		case i < patient:
			t.Errorf("run %d was to wait: exit %d\n%s", i, r.Code, r.Said())
		default:
			refused++
			w.Matches(r.Said(), "held by another run: deploy by tester@.* since 20", "nothing was switched on any host")
		}
	}
	t.Logf("%d refused, %d waited", refused, waited)
	if refused == 0 || waited == 0 {
		t.Errorf("%d refused, %d waited: they were not at the same time", refused, waited)
	}
	w.oneAfterTheOther(all - refused)
}

// oneAfterTheOther checks that hosts have the same changes in the same order,
// each of which began where the one before ended.
func (w *fleet) oneAfterTheOther(changes int) {
	w.Helper()
	var first []string
	for _, h := range w.Hosts {
		var keys []string
		var current release.ID
		for _, c := range w.History(h) {
			if c.Outcome != release.Live || c.From != current {
				w.Errorf("%s: a change from %q (it ran %q) ended as %s", h.Name, c.From, current, c.Outcome)
			}
			keys, current = append(keys, c.Key), c.To
		}
		if len(keys) != changes {
			w.Errorf("%s has %d changes, want %d", h.Name, len(keys), changes)
		}
		if first == nil {
			first = keys
		}
		if !slices.Equal(keys, first) {
			w.Errorf("%s has the changes %v, the first host has %v", h.Name, keys, first)
		}
	}
}

// silence lets nothing come or go any more on the connections that deploy has
// now, until the test ends.
func (w *fleet) silence(h *lab.Host) {
	w.Helper()
	w.Root(h, `set -e; nft add table inet silent
		nft add chain inet silent in '{ type filter hook input priority 0; }'; nft add chain inet silent out '{ type filter hook output priority 0; }'
		ss -Htn state established '( sport = :22 )' | awk '{ n = split($NF, part, ":"); print part[n] }' | while read -r port; do
			[ "$port" = "${SSH_CLIENT#* }" ] && continue
			case $SSH_CLIENT in *" $port "*) continue ;; esac
			nft add rule inet silent in tcp dport 22 tcp sport "$port" drop; nft add rule inet silent out tcp sport 22 tcp dport "$port" drop
		done`)
	w.Cleanup(func() { h.Run(context.Background(), nil, "nft", "delete", "table", "inet", "silent") })
}

// A peer that vanishes without a word, as a runner does that loses its network,
// has the lock for 30 s at most.
func TestASilentPeerLosesItsLock(t *testing.T) {
	w := newFleet(t, 1)
	good := w.deploy(1)
	next, last := w.Artifact(2, light.Way{}), w.Artifact(3, light.Way{})
	first := w.Begin(world.DeployOf(next, "--settle", "4m", "--health-timeout", "5m")...)
	w.switched(0, next)
	// Its machine stands still.
	silent := world.Now()
	first.Signal(syscall.SIGSTOP)
	w.silence(w.Hosts[0])
	r := w.OK(world.DeployOf(last, "--wait-for-lock", "10m")...)
	// 30 s until the lock is free; the rest is the other run's own time.
	w.Within(silent, world.Now(), time.Minute)
	w.Matches(r.Stderr, "waiting up to 10m0s for a deploy by tester@.* since 20", "repaired: a run of .* ended in the middle of a change to "+string(next)+"; back on "+string(good))
	// When it comes back, the host is not its any more.
	first.Signal(syscall.SIGCONT)
	w.refuses(first.Wait().Result, "the connection was lost: connecting again", "another run has changed the host since")
	w.runs(last, nil)
}

// The runner gives a cancelled step 7.5 s until SIGTERM and 2.5 s more. The command
// line is in the same hurry where CI is set.
func TestACancelTakesAllBackInTime(t *testing.T) {
	w := newFleet(t, 3)
	good := w.deploy(1)
	w.cancelled(good, w.Artifact(2, light.Way{}), syscall.SIGINT)
}

// cancelled cancels a deploy whose first host is proved and whose others are
// switched.
func (w *fleet) cancelled(good, next release.ID, by syscall.Signal) {
	w.Helper()
	run := w.Begin(world.DeployOf(next, "--settle", "10s", "--health-timeout", "10m", "SLIPWAY_MAX_PARALLEL=5", "CI=true")...)
	for n := 1; n < len(w.Hosts); n++ {
		w.switched(n, next)
	}
	w.Aged(4 * time.Second)
	signalled := world.Now()
	run.Signal(by)
	w.CancelledTo(good, signalled, run.Wait())
}

// switched waits until a run under way has switched a host, and not proved it.
func (w *fleet) switched(n int, id release.ID) {
	w.Helper()
	w.Until(w.name(n)+" to be switched", func() bool {
		return w.Root(w.Hosts[n], "readlink "+base+"/current; ls "+base+"/.slipway/change 2>/dev/null || true") == "releases/"+string(id)+"\n"+base+"/.slipway/change"
	})
}
