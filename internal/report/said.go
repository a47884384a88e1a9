package report

import (
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/words"
)

// said is a text about one host, or about several hosts.
type said struct {
	hosts, text string
	unitLog     []string
	of          []host.Result // never empty
	follows     bool          // only another host's failure is the reason
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
		s := said{hosts: hostNames(of[text]), text: text, of: of[text], follows: rank(of[text]) > 1}
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
	case hosts[0].Kind != "" || len(hosts[0].UnitLog) > 0 || hosts[0].Outcome == host.Untouched:
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
