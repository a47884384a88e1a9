package progress

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// waitTold is how long a wait lasts before it is logged, and the interval between
// such lines.
const waitTold = 10 * time.Second

// waits are all waits that are under way. They are logged together as one line.
type waits struct {
	mu   sync.Mutex
	all  []*Wait   // the longest wait comes first
	told time.Time // when they were last logged
	stop func()    // stops the logging; nil while nobody waits
}

// Wait is a host's wait for something.
type Wait struct {
	log   *Log
	who   string
	since time.Time
	why   string
}

// Wait begins a wait; [Wait.End] ends it.
func (l *Log) Wait(who, why string) *Wait {
	w := &Wait{log: l, who: who, since: time.Now()}
	w.For(why)
	l.waits.mu.Lock()
	defer l.waits.mu.Unlock()
	l.waits.all = append(l.waits.all, w)
	if l.waits.stop == nil {
		l.waits.stop = l.While(time.Second, l.waits.line)
	}
	return w
}

// For sets the reason of the wait. Secrets are hidden before the text is cut: half
// a secret would not be found.
func (w *Wait) For(why string) {
	why = brief(w.log.Redact(why))
	w.log.waits.mu.Lock()
	defer w.log.waits.mu.Unlock()
	w.why = why
}

// End ends the wait. It must be called in any case.
func (w *Wait) End() {
	if stop := w.log.waits.remove(w); stop != nil {
		stop() // not under the lock: it waits for a line that needs the lock
	}
}

// remove returns the function that stops the logging if nobody waits any more.
func (ws *waits) remove(w *Wait) (stop func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.all = slices.DeleteFunc(ws.all, func(other *Wait) bool { return other == w })
	if len(ws.all) == 0 {
		stop, ws.stop = ws.stop, nil
	}
	return stop
}

// Bounds of a line: a whole fleet may wait, and each host for something else.
const (
	mostReasons = 3
	mostNamed   = 3
	maxReason   = 200
)

// line says who waits for what, or returns "" if it is too early to say so.
func (ws *waits) line() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.all) == 0 || time.Since(ws.all[0].since) < waitTold || time.Since(ws.told) < waitTold {
		return ""
	}
	ws.told = time.Now()
	who := map[string][]string{}
	for _, w := range ws.all {
		who[w.why] = append(who[w.why], w.who)
	}
	var parts []string
	for _, why := range commonest(who) {
		parts = append(parts, some(who[why], mostNamed, ", ")+": "+why)
	}
	return fmt.Sprintf("waiting for %s: %s", hostsOf(len(ws.all)), some(parts, mostReasons, "; "))
}

// commonest returns the reasons; the one with the most hosts comes first.
func commonest(who map[string][]string) []string {
	return slices.SortedFunc(maps.Keys(who), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(who[b]), len(who[a])), cmp.Compare(a, b))
	})
}

// some joins the first texts and counts the others.
func some(all []string, most int, separator string) string {
	if len(all) <= most {
		return strings.Join(all, separator)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], separator), len(all)-most)
}

func hostsOf(n int) string {
	if n == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", n)
}

// brief returns the beginning of a text as one line.
func brief(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	if len(first) > maxReason {
		first = strings.ToValidUTF8(first[:maxReason], "")
	}
	if first != text {
		first += " [...]"
	}
	return first
}
