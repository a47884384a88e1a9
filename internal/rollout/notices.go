package rollout

import "github.com/apxr/slipway/internal/progress"

// notices collects notices about hosts. A notice about many hosts becomes one:
// a runner shows only ten notices.
type notices struct {
	texts []string // in the order of the first host of each
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
