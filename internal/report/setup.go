package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/apxr/slipway/internal/setup"
)

// SetupHeadline says in one line how a setup ended; err is the setup's.
func SetupHeadline(r setup.Result, err error) string {
	what := "Setup"
	if r.Check {
		what = "Check of the setup"
	}
	return what + " " + setupEnded(r, err)
}

func setupEnded(r setup.Result, err error) string {
	n := counted(r.Changes(), "change")
	on := counted(len(r.Hosts), "server")
	switch {
	case r.Cancelled:
		return "was cancelled"
	case err != nil && r.Changes() > 0 && !r.Check:
		return fmt.Sprintf("failed after %s", n)
	case err != nil:
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

// setupWords are the outcomes for people.
var setupWords = map[setup.Outcome]string{
	setup.Ready: "ready", setup.Changed: "changed", setup.WouldChange: "would be changed", setup.Failed: "failed",
	setup.NotReached: "not reached", setup.NotFinished: "not finished",
}

// SetupText is the result for a terminal or a log, which has seen Ansible's own
// words.
func SetupText(r setup.Result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVER\tOUTCOME\tCHANGES\tTASKS OK")
	for _, h := range r.Hosts {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", h.Name, setupWords[h.Outcome], h.Changed, h.OK)
	}
	w.Flush()
	for _, h := range r.Hosts {
		for _, t := range h.Tasks {
			if t.Status == setup.TaskChanged {
				fmt.Fprintf(&b, "%s: %s: %s\n", h.Name, changed(r), t.Title())
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

// SetupOutputs is what a setup hands to later steps.
func SetupOutputs(r setup.Result, err error) (map[string]string, error) {
	type host struct {
		Host    string        `json:"host"`
		Outcome setup.Outcome `json:"outcome"`
		Changed int           `json:"changed"`
	}
	hosts := []host{}
	for _, h := range r.Hosts {
		hosts = append(hosts, host{h.Name, h.Outcome, h.Changed})
	}
	list, jsonErr := json.Marshal(hosts)
	switch {
	case jsonErr != nil:
		return nil, jsonErr
	case len(list) > maxOutput:
		list = []byte("[]")
		jsonErr = fmt.Errorf("the output hosts is empty: of %d servers it would have more than %d bytes, which are the most", len(hosts), maxOutput)
	}
	return map[string]string{"result": setupResult(r, err), "changed": strconv.Itoa(r.Changes()), "hosts": string(list)}, jsonErr
}

func setupResult(r setup.Result, err error) string {
	switch {
	case err != nil:
		return "failed"
	case r.Changes() == 0:
		return "ready"
	case r.Check:
		return "check"
	}
	return "changed"
}
