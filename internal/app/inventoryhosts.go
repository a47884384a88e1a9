package app

import (
	"cmp"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apxr/slipway/internal/ansible"
)

// The variables with the user that Slipway logs in as; the first that is set
// counts.
var (
	webUser   = []string{"slipway_deploy_user"}
	buildUser = []string{"slipway_build_user", "slipway_deploy_user"}
)

// wordOf returns a host of an inventory in the form of the setting hosts.
func wordOf(h ansible.Host, users []string) string {
	if h.Text("ansible_connection") == "local" {
		return "local"
	}
	word := cmp.Or(h.Text("ansible_host"), h.Name)
	if strings.Count(word, ":") > 1 && !strings.HasPrefix(word, "[") {
		word = "[" + word + "]"
	}
	port := h.Text("ansible_port")
	if word == "local" {
		port = cmp.Or(port, "22") // with a port, "local" is the name of a server, not the machine itself
	}
	if port != "" {
		word = net.JoinHostPort(strings.Trim(word, "[]"), port)
	}
	for _, name := range users {
		if user := h.Text(name); user != "" {
			return user + "@" + word
		}
	}
	return word
}

// shortestSecret is the length from which a value of the inventory is hidden,
// as for env-file.
const shortestSecret = 6

// secretVariables are variables of the inventory that no log may show.
var secretVariables = []string{"slipway_cookie", "slipway_secret_environment", "slipway_git_key"}

var referenceRE = regexp.MustCompile(`{{-?\s*([A-Za-z_][A-Za-z0-9_]*)`)

// secretsOf returns the values of these variables, and of the variables that
// they refer to: people keep those in an encrypted file.
func secretsOf(hosts []ansible.Host) []string {
	found := map[string]bool{}
	for _, h := range hosts {
		names := slices.Clone(secretVariables)
		for i := 0; i < len(names); i++ { // names grows in the loop
			for _, text := range h.Texts(names[i]) {
				if utf8.RuneCountInString(text) >= shortestSecret && !referenceRE.MatchString(text) {
					found[text] = true
				}
				for _, reference := range referenceRE.FindAllStringSubmatch(text, -1) {
					if !slices.Contains(names, reference[1]) {
						names = append(names, reference[1])
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
