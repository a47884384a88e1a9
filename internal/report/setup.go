package report

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/apxr/slipway/internal/setup"
	"github.com/apxr/slipway/internal/words"
)

// Setup is the result of setting servers up.
type Setup struct {
	setup.Result
	Ended
}

// Headline returns how the setup ended, in one line.
func (r Setup) Headline() string {
	what := "Setup"
	if r.Check {
		what = "Check of the setup"
	}
	return what + " " + setupEnded(r)
}

func setupEnded(r Setup) string {
	n := words.Count(r.Changes(), "change")
	on := words.Count(len(r.Hosts), "server")
	switch {
	case r.Cancelled:
		return "was cancelled"
	case r.Err != nil && r.Changes() > 0 && !r.Check:
		return fmt.Sprintf("failed after %s", n)
	case r.Err != nil:
		return "failed"
	case r.Changes() == 0 && r.Check:
		return fmt.Sprintf("found nothing to change on %s", on)
	case r.Changes() == 0:
		return fmt.Sprintf("had nothing to change on %s", on)
	case r.Check:
		return fmt.Sprintf("found %s to make on %s", n, on)
	}
	return fmt.Sprintf("made %s on %s", n, on)
}

// setupWords has the outcomes for people.
var setupWords = map[setup.Outcome]string{
	setup.Ready: "ready", setup.Changed: "changed", setup.WouldChange: "would be changed", setup.Failed: "failed",
	setup.NotReached: "not reached", setup.NotFinished: "not finished",
}

// Text returns the result for a terminal or a log.
func (r Setup) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Headline())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVER\tOUTCOME\tCHANGES\tTASKS OK")
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", h.Name, setupWords[h.Outcome], h.Changed, h.OK)
	}
	w.Flush()
	for _, n := range notices(r.Result) {
		fmt.Fprintln(&b, n)
	}
	writeChangesAsText(&b, r.Result)
	return b.String()
}

// notices returns what roles say of servers that are ready all the same.
func notices(r setup.Result) (lines []string) {
	for _, h := range r.Hosts {
		for _, t := range h.Tasks {
			if text := t.Notice(); text != "" {
				lines = append(lines, h.Name+": notice: "+text)
			}
		}
	}
	return lines
}

// writeChangesAsText writes the changes by role. Servers with the same changes share them.
func writeChangesAsText(b *strings.Builder, r setup.Result) {
	var order []string
	servers := map[string][]string{}
	for _, h := range r.Hosts {
		if text := changesByRole(h); text != "" {
			if servers[text] == nil {
				order = append(order, text)
			}
			servers[text] = append(servers[text], h.Name)
		}
	}
	verb := "changed"
	if r.Check {
		verb = "would change"
	}
	for _, text := range order {
		fmt.Fprintf(b, "%s: %s\n%s", words.Names(servers[text]), verb, text)
	}
	if r.Check && len(order) > 0 {
		fmt.Fprintln(b, "--verbose 1 shows what would be in each file.")
	}
}

// changesByRole returns a paragraph for each role that changes something on a server.
func changesByRole(h setup.Host) string {
	var roles []string
	titles := map[string][]string{}
	times := map[string]int{}
	for _, t := range h.Tasks {
		if t.Status != setup.TaskChanged {
			continue
		}
		role := cmp.Or(t.Role, "playbook")
		if titles[role] == nil {
			roles = append(roles, role)
		}
		title := t.Name
		if t.Action == "ansible.builtin.debug" { // says what it stands for
			title = cmp.Or(t.Message, title)
		}
		if times[role+title]++; times[role+title] == 1 {
			titles[role] = append(titles[role], title)
		}
	}
	var b strings.Builder
	for _, role := range roles {
		for i, title := range titles[role] {
			if n := times[role+title]; n > 1 {
				titles[role][i] = fmt.Sprintf("%s (%d times)", title, n)
			}
		}
		wrapInto(&b, fmt.Sprintf("  %-12s  ", role), strings.Join(titles[role], "; "), textWidth)
	}
	return b.String()
}

// textWidth is how wide paragraphs of a text are: that of a small terminal.
const textWidth = 80

// wrapInto writes a paragraph behind a label, broken at blanks. The label is as wide as the
// indentation of its further lines.
func wrapInto(b *strings.Builder, label, text string, width int) {
	b.WriteString(label)
	at := len(label)
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			fmt.Fprintf(b, "\n%*s", len(label), "")
			at = len(label)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	b.WriteByte('\n')
}

// JSON returns the values for a script.
func (r Setup) JSON() (string, error) { return r.values().json() }

// Outputs returns the values for later steps.
func (r Setup) Outputs() (map[string]string, error) { return r.values().outputs() }

func (r Setup) values() values {
	type host struct {
		Host    string        `json:"host"`
		Outcome setup.Outcome `json:"outcome"`
		Changed int           `json:"changed"`
	}
	hosts := []host{}
	for _, h := range r.Hosts {
		hosts = append(hosts, host{h.Name, h.Outcome, h.Changed})
	}
	return values{"result": setupResult(r), "changed": r.Changes(), "hosts": hosts}
}

func setupResult(r Setup) string {
	switch {
	case r.Err != nil:
		return "failed"
	case r.Changes() == 0:
		return "ready"
	case r.Check:
		return "check"
	}
	return "changed"
}
