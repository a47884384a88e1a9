package app

import (
	"slices"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/words"
)

// limited returns those of the hosts that the setting limit picks.
func (f *found) limited(q question, inventory ansible.Inventory, hosts []ansible.Host) []ansible.Host {
	return f.picked("limit", q.given("limit"), candidates(q, inventory, hosts), hosts)
}

// picked returns the hosts that a setting picks. Without hosts something else is
// wrong.
func (f *found) picked(name, limit string, of config.Candidates, hosts []ansible.Host) []ansible.Host {
	if limit == "" || len(hosts) == 0 {
		return hosts
	}
	indexes, err := of.Pick(limit)
	if err != nil {
		f.wrong("%s: %v", name, err)
		return nil
	}
	var picked []ansible.Host
	for _, i := range indexes {
		picked = append(picked, hosts[i])
	}
	return picked
}

// candidates are the hosts, in their order, and behind them all others of the
// inventory. A host can be written as in the inventory, and as Slipway's output
// has it.
func candidates(q question, inventory ansible.Inventory, hosts []ansible.Host) config.Candidates {
	groups := map[string][]string{}
	for _, group := range inventory.Groups() {
		for _, h := range inventory.Hosts(group) {
			groups[h.Name] = append(groups[h.Name], group)
		}
	}
	of := config.Candidates{Of: "the group " + q.group()}
	if q.verb == config.Setup {
		of.Of += " and the group " + config.BuildGroup
	}
	for i, h := range append(slices.Clone(hosts), inventory.Hosts("all")...) {
		names := []string{h.Name, wordOf(h, webUser)}
		if address, err := config.ParseHost(names[1]); err == nil {
			names = append(names, address.String(), address.Host)
		}
		if i < len(hosts) || !slices.ContainsFunc(hosts, func(own ansible.Host) bool { return own.Name == h.Name }) {
			of.Hosts = append(of.Hosts, config.Candidate{Names: names, Groups: groups[h.Name], Other: i >= len(hosts)})
		}
	}
	return of
}

// one returns the host to look into: the one that limit and HOST leave.
func (f *found) one(q question, inventory ansible.Inventory) []ansible.Host {
	web := f.limited(q, inventory, f.webServers(q, inventory))
	of := candidates(q, inventory, web)
	if q.given("limit") != "" {
		of.Of = "what limit picks"
	}
	picked := f.picked("host", q.given("host"), of, web)
	if len(picked) > 1 {
		names := words.Names(namesOf(picked))
		f.wrong("host: %d hosts are possible, and %s looks into one: pick it by its name, as HOST or with --limit: %s", len(picked), q.verb, names)
		return nil
	}
	return picked
}

func namesOf(hosts []ansible.Host) (names []string) {
	for _, h := range hosts {
		names = append(names, h.Name)
	}
	return names
}

// encryptedOf returns the name of a variable that is needed and encrypted.
func encryptedOf(h ansible.Host, users []string) string {
	for _, name := range append([]string{"ansible_connection", "ansible_host", "ansible_port"}, users...) {
		if h.Encrypted(name) {
			return name
		}
	}
	return ""
}
