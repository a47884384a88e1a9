package release

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// past is a host with a long history, as deploys, rollbacks and prunes made it.
type past struct {
	*rand.Rand
	history History
	disk    []ID // releases
	envs    []string
	keep    int
	next    int
}

func idOf(n int) ID { return NewID(time.Date(2024, 1, 1, 0, 0, n, 0, time.UTC)) }

func envOf(n int) string { return fmt.Sprintf("20240101T000000.%09d", n) }

// happen adds a change to the history.
func (p *past) happen() {
	current, _ := p.history.Current()
	stack := p.history.Stack()
	c := Change{Key: fmt.Sprint(len(p.history)), Verb: Deploy, From: current.ID, FromEnv: current.Env, Outcome: Live}
	p.next++
	c.To, c.ToEnv = idOf(p.next), envOf(p.next)
	switch p.IntN(12) {
	case 0:
		c.Outcome = Reverted
	case 1: // another environment
		if current.ID != "" {
			c.To = current.ID
		}
	case 2: // another build of a revision
		c.Revision = fmt.Sprintf("%040d", p.next-1)
	case 3:
		c.Verb, c.Outcome = Migrate, Started
	case 4, 5:
		if n := len(stack); n > 1 {
			to := stack[max(0, n-2-p.IntN(2))]
			c.Verb, c.To, c.ToEnv = Rollback, to.ID, to.Env
		}
	case 6:
		if made, ok := p.history.Find(current.ID); ok && made.From != "" {
			c.Verb, c.To, c.ToEnv = Revert, made.From, made.FromEnv
		}
	case 7: // deployed again, long after
		c.To = idOf(1 + p.IntN(p.next))
	}
	if c.Revision == "" && c.Verb == Deploy {
		c.Revision = fmt.Sprintf("%040d", p.next)
	}
	p.history = append(p.history, c)
	p.disk = append(slices.DeleteFunc(p.disk, func(id ID) bool { return id == c.To }), c.To)
	p.envs = append(p.envs, c.ToEnv)
	if c.Verb == Deploy && c.Outcome == Live {
		gone := Prune(p.disk, p.history, p.keep, c.To)
		p.disk = slices.DeleteFunc(p.disk, func(id ID) bool { return slices.Contains(gone, id) })
	}
}

// has reports whether the releases are on the disk.
func (p *past) has(ids []ID) bool {
	return !slices.ContainsFunc(ids, func(id ID) bool { return !slices.Contains(p.disk, id) })
}

// decisions has what is decided from a history about a host.
func (p *past) decisions(h History, id ID, revision string) map[string]any {
	stack := h.Stack()
	all := map[string]any{"next": stack[len(stack)-2:], "last": h.LastKey()}
	all["current"], _ = h.Current()
	all["prune"] = Prune(p.disk, h, p.keep, id)
	if p.has(h.needed()) { // else some of the environments are of no use
		all["environments"] = PruneActivations(p.envs, h, p.disk, Activation{ID: id})
	}
	all["migrated"] = h.MigratedSince(stack[len(stack)-2])
	all["target"], _ = RollbackTarget(map[string]HostState{"web1": {Stack: stack}})
	for _, about := range append(slices.Clone(p.disk), id) {
		all["find "+string(about)], _ = h.Find(about)
		all["choose "+string(about)], _ = h.Choose(about)
		bad, is := h.Bad(about, revision)
		all["bad "+string(about)] = []any{bad, is}
	}
	return all
}

// The latest changes of a long history decide what the whole history decides.
func TestTheLatestChangesDecideAsTheWholeHistory(t *testing.T) {
	t.Parallel()
	compared, whole := 0, 0
	for seed := range uint64(2000) {
		p := &past{Rand: rand.New(rand.NewPCG(seed, 7)), keep: 1 + int(seed%4)}
		for range 60 {
			p.happen()
		}
		id, revision := idOf(1+p.IntN(p.next+1)), fmt.Sprintf("%040d", 1+p.IntN(p.next+1))
		words := []string{string(id), revision}
		for _, on := range p.disk {
			words = append(words, string(on))
		}
		latest, older := p.history.Latest(5+p.IntN(40), words)
		if older == 0 || !latest.Suffices(p.keep) {
			whole++
			continue
		}
		compared++
		want, got := p.decisions(p.history, id, revision), p.decisions(latest, id, revision)
		for what := range maps.Keys(want) {
			if !reflect.DeepEqual(want[what], got[what]) {
				t.Fatalf("seed %d, %d of %d changes: %s is %v, and %v by the whole history", seed, len(latest), len(p.history), what, got[what], want[what])
			}
		}
	}
	if compared < 200 || whole < 200 {
		t.Errorf("%d histories were compared, and %d read as a whole", compared, whole)
	}
	t.Logf("%d histories were compared, and %d read as a whole", compared, whole)
}

func long(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		c := Change{
			Key: envOf(i), At: time.Unix(int64(i), 0).UTC(), Verb: Deploy, To: idOf(i + 1), ToEnv: envOf(i + 1), Version: "0.1.0",
			Revision: fmt.Sprintf("%040d", i), Ref: "refs/heads/main", Who: "somebody", Run: "https://github.com/apxr/app/actions/runs/123456789", Outcome: Live,
		}
		if i > 0 {
			c.From, c.FromEnv = idOf(i), envOf(i)
		}
		lines[i], _ = c.JSON()
	}
	return lines
}

func BenchmarkALongHistory(b *testing.B) {
	lines := long(10_000)
	for b.Loop() {
		h := ParseHistory(lines)
		h.Judge(idOf(20_000), "x", Change{To: idOf(10_000)}, Descendant)
		Prune([]ID{idOf(10_000), idOf(9_999)}, h, 5)
		h.Before(Activation{idOf(10_000), envOf(10_000)})
	}
}
