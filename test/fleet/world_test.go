package fleet

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/world"
)

const base = world.Base

// fleet is a world with several hosts.
type fleet struct{ *world.World }

// eight is for what needs so many hosts.
func eight(t *testing.T) *fleet { t.Helper(); return newFleet(t, 8) }

// four is for what does not.
func four(t *testing.T) *fleet { t.Helper(); return newFleet(t, 4) }

// newFleet takes so many hosts that no other test uses, as soon as there are: most
// of a test's time goes by with waiting, so several run at a time.
func newFleet(t *testing.T, hosts int) *fleet {
	t.Helper()
	t.Parallel()
	names := unused.take(hosts)
	t.Cleanup(func() { unused.give(names) })
	w := &fleet{world.New(t, names...)}
	w.Settings = append(w.Settings, "SLIPWAY_MAX_PARALLEL=3")
	return w
}

// pool has the hosts that no test uses.
type pool struct {
	queue sync.Mutex // of whoever is waiting: nobody takes the hosts that another one waits for
	mu    sync.Mutex
	more  sync.Cond
	names []string
}

var unused = func() *pool {
	p := &pool{names: allHosts()}
	p.more.L = &p.mu
	return p
}()

// take returns n hosts, all at once: who waits for the rest would keep others
// from ending.
func (p *pool) take(n int) []string {
	p.queue.Lock()
	defer p.queue.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.names) < n {
		p.more.Wait()
	}
	taken := p.names[:n:n]
	p.names = p.names[n:]
	return taken
}

func (p *pool) give(names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names = append(p.names, names...)
	p.more.Broadcast()
}

// status is for light.Way.
func status(n int) *int { return &n }

// addr, name and only are those of a host by its place in the list of hosts.
func (w *fleet) addr(n int) string { return w.Hosts[n].Addr }
func (w *fleet) name(n int) string { return w.Hosts[n].Name }
func (w *fleet) only(n int) string { return "SLIPWAY_HOSTS=" + w.addr(n) }

// web lists the addresses of the first n hosts.
func (w *fleet) web(n int) string { return w.Addrs(w.Hosts[:n]...) }

// deploy makes the n-th release, a good one, and deploys it everywhere at once.
func (w *fleet) deploy(n int) release.ID {
	w.Helper()
	return w.Deploy(n, "SLIPWAY_MAX_PARALLEL=8")
}

// refuses checks that a run failed and that its output matches each of these.
func (w *fleet) refuses(r command.Result, patterns ...string) {
	w.Helper()
	w.Red(1, r)
	w.Matches(r.Said(), patterns...)
}

// runs is Runs for hosts by their place in the list.
func (w *fleet) runs(id release.ID, other map[int]release.ID) {
	w.Helper()
	byName := map[string]release.ID{}
	for n, its := range other {
		byName[w.name(n)] = its
	}
	w.Runs(id, byName)
}

// outcomes is the table of a run: what became of each host, in the order of the
// list.
func (w *fleet) outcomes(output string) []string {
	became := make([]string, len(w.Hosts))
	for n, h := range w.Hosts {
		row := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(h.Addr) + ` +(\S+(?: \S+)*)  `).FindStringSubmatch(output)
		if row != nil {
			became[n] = row[1]
		}
	}
	return became
}

// order lists the hosts, by their place, in the order in which a run said
// something of them.
func (w *fleet) order(output, what string) (order []int) {
	for line := range strings.Lines(output) {
		for n, h := range w.Hosts {
			if strings.HasPrefix(strings.TrimSpace(line), h.Addr+": "+what) {
				order = append(order, n)
			}
		}
	}
	return order
}

// lockOut makes a host one that cannot be reached, until the test ends.
func (w *fleet) lockOut(n int) {
	w.Helper()
	h, keys := w.Hosts[n], "/home/deploy/.ssh/authorized_keys"
	w.Root(h, "mv "+keys+" "+keys+".away")
	w.Cleanup(func() {
		if _, err := h.Run(context.Background(), nil, "mv", keys+".away", keys); err != nil {
			w.Error(err)
		}
	})
}

// lines counts the changes in each host's history, by the host's place.
func (w *fleet) lines() []int {
	w.Helper()
	counts := make([]int, len(w.Hosts))
	said := w.Everywhere("wc -l <" + base + "/.slipway/history.jsonl")
	for n, h := range w.Hosts {
		_, err := fmt.Sscan(said[h.Name], &counts[n])
		w.Must(err)
	}
	return counts
}
