package chaos

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// facts are what is so on a host.
type facts struct {
	text        string // as it came, for people
	link        string // what current is
	current     string // the release that it leads to
	active      string
	running     string         // the release of the main process
	good        map[string]int // complete and verified releases, with their number of entries
	bad         []string
	left        []string
	activations []string
	change      string // the change record
	history     release.History
	torn        []string // lines of the history that are none
	held        []string // locks
	processes   []string
}

func (m *machine) facts(k *kind, quick bool) (facts, error) {
	how := "no"
	if quick {
		how = "yes"
	}
	out, err := m.script("facts", k.base(), k.unit(), how)
	f := facts{text: out, good: map[string]int{}}
	if err != nil {
		return f, err
	}
	for line := range strings.Lines(out) {
		f.read(strings.TrimSuffix(line, "\n"))
	}
	return f, nil
}

func (f *facts) read(line string) {
	key, value, _ := strings.Cut(line, "=")
	switch key {
	case "link":
		f.link = value
	case "current":
		f.current = path.Base(value)
	case "active":
		f.active = value
	case "running":
		f.running = value
	case "good":
		var id string
		var n int
		fmt.Sscan(value, &id, &n)
		f.good[id] = n
	case "bad":
		f.bad = append(f.bad, value)
	case "left":
		f.left = append(f.left, value)
	case "activation":
		f.activations = append(f.activations, value)
	case "change":
		f.change = value
	case "history":
		f.line(value)
	case "held":
		f.held = append(f.held, value)
	case "process":
		f.processes = append(f.processes, value)
	}
}

func (f *facts) line(text string) {
	var c release.Change
	if json.Unmarshal([]byte(text), &c) != nil || len(release.ParseHistory([]string{text})) != 1 {
		f.torn = append(f.torn, text)
		return
	}
	f.history = append(f.history, c)
}

// stack is what the history says was switched on and not taken back.
func (f *facts) stack() []string {
	var ids []string
	for _, a := range f.history.Stack() {
		ids = append(ids, string(a.ID))
	}
	return ids
}

// pending: there is a change record of a change that is not in the history.
func (f *facts) pending() bool {
	var c release.Change
	return f.change != "" && (json.Unmarshal([]byte(f.change), &c) != nil || !f.history.Has(c.Key))
}

// agrees: the host runs what current says.
func (f *facts) agrees() bool {
	if f.link == "" {
		return f.running == "" && f.active != "active"
	}
	return f.running == f.current && f.active == "active"
}

// findsBadReleases checks that releases which are not what was built count as bad.
func (w *hosts) findsBadReleases(k *kind) {
	w.Helper()
	m := w.machines[0]
	w.Must(m.restore(k, k.name+"-"+three))
	for i, spoil := range []string{"printf x | dd of=lib/more/3.txt conv=notrunc 2>/dev/null", "touch lib/more/new", "chmod g+w lib/more/3.txt"} {
		_, err := m.root("cd " + k.base() + "/releases/" + k.ids[i] + " && " + spoil)
		w.Must(err)
	}
	f, err := m.facts(k, false)
	w.Must(err)
	if !slices.Equal(f.bad, k.ids[:3]) {
		w.Errorf("of three bad releases these were found: %q\n%s", f.bad, f.text)
	}
}
