package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/light"
)

// Twenty runs at once want the same three hosts: some wait for the others, some
// would rather be refused.
func TestTwentyDeploysAtOnce(t *testing.T) {
	w := four(t)
	const all, patient = 20, 7
	hosts := "SLIPWAY_HOSTS=" + w.web(3)
	var runs sync.WaitGroup
	results := make([]command.Result, all)
	for i := range all {
		id, wait := w.artifact(1+i, light.Way{}), "0s"
		if i < patient {
			wait = "10m"
		}
		runs.Go(func() {
			r, err := command.Run(w.command("deploy", "--release-id", string(id), "--wait-for-lock", wait, hosts, "SLIPWAY_SETTLE=100ms"))
			if err != nil {
				t.Error(err)
			}
			results[i] = r
		})
	}
	runs.Wait()
	refused, waited := 0, 0
	for i, r := range results {
		switch {
		case r.Code == 0:
			if strings.Contains(r.Stderr, "waiting up to") {
				waited++
			}
		case i < patient:
			t.Errorf("run %d was to wait: exit %d\n%s%s", i, r.Code, r.Stderr, r.Stdout)
		default:
			refused++
			w.says(r.Stderr, "held by another run: deploy by tester@.* since 20", "nothing was switched on any host")
		}
	}
	t.Logf("%d refused, %d waited", refused, waited)
	if refused == 0 || waited < patient-1 {
		t.Errorf("%d refused, %d waited: they were not at the same time", refused, waited)
	}
	w.oneAfterTheOther(3, all-refused)
}

// oneAfterTheOther checks that hosts have the same changes in the same order,
// each of which began where the one before ended.
func (w *world) oneAfterTheOther(hosts, changes int) {
	w.Helper()
	var first []string
	for _, h := range w.hosts[:hosts] {
		lines := strings.Split(w.root(h, "cat "+base+"/.slipway/history.jsonl"), "\n")
		var keys []string
		var current release.ID
		for _, line := range lines {
			var c release.Change
			w.must(json.Unmarshal([]byte(line), &c))
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

func TestRunsThatNameHostsInAnotherOrderDoNotWaitForEachOther(t *testing.T) {
	w := four(t)
	addrs := strings.Fields(w.web(4))
	slices.Reverse(addrs)
	lists := []string{w.web(3), strings.Join(addrs[:3], " "), w.web(4), strings.Join(addrs, " ")}
	var runs sync.WaitGroup
	for i, list := range lists {
		id := w.artifact(1+i, light.Way{})
		runs.Go(func() {
			r, err := command.Run(w.command("deploy", "--release-id", string(id), "--wait-for-lock", "5m", "SLIPWAY_HOSTS="+list, "SLIPWAY_SETTLE=100ms"))
			if err != nil || r.Code != 0 {
				t.Errorf("deploy to %s: exit %d, %v\n%s%s", list, r.Code, err, r.Stderr, r.Stdout)
			}
		})
	}
	runs.Wait()
}

// A peer that vanishes without a word, as a runner does that loses its network,
// has the lock for 30 s at most.
func TestASilentPeerLosesItsLock(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next, last := w.artifact(2, light.Way{}), w.artifact(3, light.Way{})
	web1 := w.lab.Host("web1")
	one := "SLIPWAY_HOSTS=" + web1.Addr
	first := w.command("deploy", "--release-id", string(next), "--settle", "50s", "--health-timeout", "60s", one)
	var log strings.Builder
	first.Stderr = &log
	w.must(first.Start())
	gone := make(chan error, 1)
	go func() { gone <- first.Wait() }()
	w.until("the first run to switch", func() bool {
		return w.root(web1, "readlink "+base+"/current") == "releases/"+string(next)
	})
	// Its machine stands still, and nothing comes or goes any more on the
	// connections that deploy has now.
	silent := time.Now()
	w.must(first.Process.Signal(syscall.SIGSTOP))
	w.root(web1, `set -e; nft add table inet silent
		nft add chain inet silent in '{ type filter hook input priority 0; }'; nft add chain inet silent out '{ type filter hook output priority 0; }'
		ss -Htn state established '( sport = :22 )' | awk '{ n = split($NF, part, ":"); print part[n] }' | while read -r port; do
			[ "$port" = "${SSH_CLIENT#* }" ] && continue
			case $SSH_CLIENT in *" $port "*) continue ;; esac
			nft add rule inet silent in tcp dport 22 tcp sport "$port" drop; nft add rule inet silent out tcp sport 22 tcp dport "$port" drop
		done`)
	t.Cleanup(func() { web1.Run(context.Background(), nil, "nft", "delete", "table", "inet", "silent") })
	r := w.run("deploy", "--release-id", string(last), "--wait-for-lock", "2m", one)
	took := time.Since(silent)
	if r.Code != 0 {
		t.Errorf("exit %d", r.Code)
	}
	w.says(r.Stderr, "waiting up to 2m0s for a deploy by tester@.* since 20", "repaired: a run of .* ended in the middle of a change to "+string(next)+"; back on "+string(good))
	t.Logf("the other run was through %s after the silence began", took)
	// 30 s until the lock is free; the rest is the other run's own time.
	if took > 60*time.Second {
		t.Errorf("it took %s", took)
	}
	// When it comes back, the host is not its any more.
	w.must(first.Process.Signal(syscall.SIGCONT))
	if err := <-gone; err == nil {
		t.Error("the run that lost its connection is green")
	}
	t.Logf("the run that stood still ended %s after the silence began:\n%s", time.Since(silent), log.String())
	w.says(log.String(), "the connection was lost: connecting again", "another run has changed the host since")
	w.everyHostRuns(good, map[string]release.ID{"web1": last})
}

// What was switched goes back over a new connection, if the old one is gone.
func TestALostConnectionIsMadeAgain(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.artifact(2, light.Way{})
	cmd := w.command("deploy", "--release-id", string(next), "--settle", "6s", "SLIPWAY_MAX_PARALLEL=4", "SLIPWAY_HOSTS="+w.web(4))
	var log strings.Builder
	cmd.Stderr = &log
	w.must(cmd.Start())
	web2 := w.lab.Host("web2")
	w.until("the second host to be switched", func() bool {
		return w.root(web2, "readlink "+base+"/current") == "releases/"+string(next)
	})
	time.Sleep(time.Second)
	w.root(web2, "pkill -KILL -u deploy sshd")
	began := time.Now()
	if err := cmd.Wait(); err == nil {
		t.Error("a run that lost a host is green")
	}
	t.Logf("it took %s\n%s", time.Since(began), log.String())
	w.says(log.String(), w.addr("web2")+": the connection was lost: connecting again", w.addr("web2")+": back on "+string(good))
	w.everyHostRuns(good, nil)
	if time.Since(began) > 30*time.Second {
		t.Errorf("it took %s", time.Since(began))
	}
}

func (w *world) until(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			w.Fatalf("waited for a minute for %s", what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// The runner gives a cancelled step 7.5 s until SIGTERM and 2.5 s more.
func TestACancelTakesAllBackInTime(t *testing.T) {
	w := four(t)
	good := w.deploy(1)
	next := w.artifact(2, light.Way{})
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := w.command("deploy", "--release-id", string(next), "--settle", "7s", "SLIPWAY_MAX_PARALLEL=5")
		var log strings.Builder
		cmd.Stderr = &log
		w.must(cmd.Start())
		// The first one is proved, the others are switched.
		w.until("the second batch to be switched", func() bool {
			_, err := w.lab.Host("web4").Run(t.Context(), nil, "test", "-e", base+"/.slipway/change")
			return err == nil
		})
		// A young process gets up to 4 s before it is restarted.
		time.Sleep(4500 * time.Millisecond)
		began := time.Now()
		w.must(cmd.Process.Signal(signal))
		err := cmd.Wait()
		took := time.Since(began)
		t.Logf("%s: %s\n%s", signal, took, log.String())
		if err == nil || took > 7*time.Second {
			t.Errorf("%s: %v after %s", signal, err, took)
		}
		w.everyHostRuns(good, nil)
	}
}

// A cancel while hosts go back one after the other, each of which takes its time.
func TestACancelWhileHostsGoBackHurriesThem(t *testing.T) {
	w := four(t)
	slow := w.artifact(1, light.Way{Boot: 2})
	w.ok("deploy", "--release-id", string(slow), "SLIPWAY_MAX_PARALLEL=5")
	next := w.artifact(2, light.Way{OnlyHost: "web4", Status: 500})
	// The pause and the time limit make all processes old enough to be restarted at once.
	cmd := w.command("deploy", "--release-id", string(next), "--batch-pause", "4s", "--health-timeout", "5s", "SLIPWAY_MAX_PARALLEL=1")
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	var log strings.Builder
	var cancelled time.Time
	for s := bufio.NewScanner(stderr); s.Scan(); {
		log.WriteString(s.Text() + "\n")
		if strings.Contains(s.Text(), "putting every switched host back") {
			cancelled = time.Now()
			w.must(cmd.Process.Signal(os.Interrupt))
		}
	}
	err = cmd.Wait()
	took := time.Since(cancelled)
	t.Logf("%s\n%s", took, log.String())
	if err == nil || cancelled.IsZero() || took > 7*time.Second {
		t.Errorf("%v, %s after the cancel", err, took)
	}
	w.everyHostRuns(slow, nil)
}
