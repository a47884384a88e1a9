package sample

import (
	"strings"

	"github.com/apxr/slipway/test/lab"
)

// Settings is what Slipway's command line needs to know to build the sample
// application and deploy it to the lab's web hosts, as variables of its
// environment.
func Settings(l *lab.Lab) []string {
	return []string{
		"SLIPWAY_APP=" + App,
		"SLIPWAY_BUILD_HOST=" + l.Host("build").Addr,
		"SLIPWAY_HOSTS=" + WebHosts(l),
		"SLIPWAY_HEALTH_URL=" + Health,
		"SLIPWAY_REPOSITORY=" + l.GitURL(Repo),
		"SLIPWAY_SSH_KEY_FILE=" + l.DeployKeyPath(),
		"SLIPWAY_KNOWN_HOSTS_FILE=" + l.KnownHostsPath(),
	}
}

// WebHosts is the setting "hosts" for all web hosts of a lab.
func WebHosts(l *lab.Lab) string {
	var addrs []string
	for _, h := range l.WebHosts() {
		addrs = append(addrs, h.Addr)
	}
	return strings.Join(addrs, ",")
}
