package rollout

import (
	"fmt"
	"strings"
)

// notices collects what is to be told of hosts, so that what is true of many is
// told once: a runner shows ten notices and no more.
type notices struct {
	texts []string // in the order of their first host
	hosts map[string][]*host
}

func (n *notices) add(h *host, text string) {
	if n.hosts == nil {
		n.hosts = map[string][]*host{}
	}
	if n.hosts[text] == nil {
		n.texts = append(n.texts, text)
	}
	n.hosts[text] = append(n.hosts[text], h)
}

func (n *notices) tell(r *run) {
	for _, text := range n.texts {
		r.log.Notice(nameHosts(n.hosts[text]) + ": " + text)
	}
}

// nameHosts names some hosts, and counts the others.
func nameHosts(hosts []*host) string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.name)
	}
	return Names(all)
}

// Names names some of many, and counts the others.
func Names(all []string) string {
	const most = 8
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}
