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

// waitTold is how long somebody waits before it is told, and how often then.
const waitTold = 10 * time.Second

// waits is who waits for something. However many they are, they are told as one line.
type waits struct {
	mu   sync.Mutex
	all  []*Wait   // who has waited longest is the first
	told time.Time // when they were told last
	stop func()    // of the telling; nil while nobody waits
}

// Wait is somebody who waits for something.
type Wait struct {
	log   *Log
	who   string
	since time.Time
	why   string
}

// Wait is called when somebody begins to wait for something, until End.
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

// For says what is waited for now. A secret is taken out before it could be cut.
func (w *Wait) For(why string) {
	why = brief(w.log.Redact(why))
	w.log.waits.mu.Lock()
	defer w.log.waits.mu.Unlock()
	w.why = why
}

// End is called when the waiting is over, however it ended.
func (w *Wait) End() {
	if stop := w.log.waits.remove(w); stop != nil {
		stop() // which waits for a line that needs the lock
	}
}

// remove returns what is to be stopped when nobody waits any more.
func (ws *waits) remove(w *Wait) (stop func()) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.all = slices.DeleteFunc(ws.all, func(other *Wait) bool { return other == w })
	if len(ws.all) == 0 {
		stop, ws.stop = ws.stop, nil
	}
	return stop
}

// What bounds a line: a whole fleet may wait, each host for something else.
const (
	mostReasons = 3
	mostNamed   = 3
	maxReason   = 200
)

// line is who waits, and for what, if somebody has for long.
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

// commonest is the reasons, those of the most hosts first.
func commonest(who map[string][]string) []string {
	return slices.SortedFunc(maps.Keys(who), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(who[b]), len(who[a])), cmp.Compare(a, b))
	})
}

// some joins the first of many, and counts the others.
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

// brief is the beginning of a text, as one line.
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
