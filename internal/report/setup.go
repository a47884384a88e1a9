package report

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/apxr/slipway/internal/setup"
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
	n := counted(r.Changes(), "change")
	on := counted(len(r.Hosts), "server")
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

// Text returns the result for a terminal or a log. Both have already shown
// Ansible's own output.
func (r Setup) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Headline())
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVER\tOUTCOME\tCHANGES\tTASKS OK")
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", h.Name, setupWords[h.Outcome], h.Changed, h.OK)
	}
	w.Flush()
	for _, h := range r.Hosts {
		for _, t := range h.Tasks {
			if t.Status == setup.TaskChanged {
				fmt.Fprintf(&b, "%s: %s: %s\n", h.Name, changed(r.Result), t.Title())
			}
		}
	}
	return b.String()
}

func changed(r setup.Result) string {
	if r.Check {
		return "would change"
	}
	return "changed"
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
