package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/words"
)

// said is a text about one host, or about several hosts.
type said struct {
	hosts, text string
	unitLog     []string
}

// problems returns what is wrong. Hosts with a problem of their own come before
// hosts that only suffer from another host's failure.
func problems(hosts []host.Result) []said {
	texts, of := []string{}, map[string][]host.Result{}
	for _, h := range hosts {
		if h.Problem == "" {
			continue
		}
		if of[h.Problem] == nil {
			texts = append(texts, h.Problem)
		}
		of[h.Problem] = append(of[h.Problem], h)
	}
	slices.SortStableFunc(texts, func(a, b string) int { return rank(of[a]) - rank(of[b]) })
	var all []said
	for _, text := range texts {
		s := said{hosts: hostNames(of[text]), text: text}
		for _, h := range of[text] {
			if len(h.UnitLog) > 0 {
				s.unitLog = h.UnitLog // one log is enough for hosts that failed with the same text
				break
			}
		}
		all = append(all, s)
	}
	return all
}

func rank(hosts []host.Result) int {
	switch {
	case hosts[0].Outcome == host.Failed:
		return 0
	case len(hosts[0].UnitLog) > 0 || hosts[0].Outcome == host.Untouched:
		return 1
	}
	return 2
}

// proofs returns a line for each host that the run brought to its target. For a
// large fleet it returns one line for all, since all waited for the same.
func proofs(hosts []host.Result) []said {
	const most = 10
	var all []said
	for _, h := range hosts {
		if h.Proof != "" && h.Outcome == host.Live {
			all = append(all, said{hosts: h.Host, text: h.Proof})
		}
	}
	if len(all) > most {
		all[0].hosts = fmt.Sprintf("%d hosts, among them %s", len(all), all[0].hosts)
		return all[:1]
	}
	return all
}

func hostNames(hosts []host.Result) string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.Host)
	}
	return words.Names(all)
}

// advice returns what to do after a run that did not end as it should, or "".
func advice(r rollout.Result) string {
	var look, old, live []host.Result
	back := 0
	for _, h := range r.Hosts {
		switch {
		case h.Outcome == host.Failed:
			look = append(look, h)
		case h.Problem != "":
			old = append(old, h)
		case h.Outcome == host.Live:
			live = append(live, h)
		case h.Outcome == host.Reverted:
			back++
		}
	}
	if len(look)+len(old) == 0 {
		return ""
	}
	parts := []string{"What now:"}
	if len(look) > 0 {
		parts = append(parts, fmt.Sprintf("Look at %s: what is wrong stands above.", hostNames(look)))
	}
	if len(live) > 0 {
		parts = append(parts, fmt.Sprintf("%s is on %d of %d hosts.", r.Target, len(live), len(r.Hosts)))
	} else if back > 0 {
		parts = append(parts, fmt.Sprintf("%s is taken back on %d of %d hosts.", r.Target, back, len(r.Hosts)))
	} else if len(look) == 0 {
		parts = append(parts, "Every host runs what it ran before.")
	}
	again := "When that is mended, run the same again: it is safe to repeat."
	if r.Verb == release.Rollback && len(live) > 0 {
		again = fmt.Sprintf("When that is mended, roll back to release-id %s: without it, the next rollback goes one further down.", r.Target)
	}
	return strings.Join(append(parts, again), " ")
}
