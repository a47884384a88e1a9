package rollout

import "github.com/apxr/slipway/internal/progress"

// notices collects notices about hosts, so that one about many hosts is one
// notice: a runner shows ten and no more.
type notices struct {
	texts []string // in the order of their first host
	hosts map[string]fleet
}

func (n *notices) add(m *member, text string) {
	if n.hosts == nil {
		n.hosts = map[string]fleet{}
	}
	if n.hosts[text] == nil {
		n.texts = append(n.texts, text)
	}
	n.hosts[text] = append(n.hosts[text], m)
}

func (n *notices) report(log *progress.Log) {
	for _, text := range n.texts {
		log.Notice(n.hosts[text].names() + ": " + text)
	}
}
