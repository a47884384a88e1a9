package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/words"
)

// question is what a verb wants to know of an inventory.
type question struct {
	verb config.Verb
	look config.Lookup
}

func (q question) given(name string) string { return strings.TrimSpace(q.look(name)) }

// group returns the group of the hosts that the verb goes to; empty: to the build
// server alone.
func (q question) group() string {
	if !takes(q.verb, "inventory-group") {
		return ""
	}
	return cmp.Or(q.given("inventory-group"), defaultOf("inventory-group"))
}

// found is what an inventory provides.
type found struct {
	values   map[string]string // replace the settings of these names
	hosts    []ansible.Host
	secrets  []string
	leftOut  []string
	mistakes config.Mistakes
}

func (f *found) instead(look config.Lookup) config.Lookup {
	return func(name string) string {
		if value, ok := f.values[name]; ok {
			return value
		}
		return look(name)
	}
}

func (f *found) wrong(format string, args ...any) {
	f.mistakes = append(f.mistakes, fmt.Sprintf(format, args...))
}

func (f *found) ask(ctx context.Context, q question, getenv func(string) string) {
	f.values = map[string]string{"hosts": "", "limit": ""} // what is left of a limit are hosts
	if takes(q.verb, "host") {
		f.values["host"] = ""
	}
	if q.given("hosts") != "" {
		f.wrong("hosts: an inventory is given too: leave one of the two out")
	}
	if q.verb == config.Setup && q.given("build-host") != "" {
		f.wrong("build-host: an inventory is given too, and its group %s says which servers build: leave one of the two out", config.BuildGroup)
		f.values["build-host"] = ""
	}
	inventory, err := readInventory(ctx, q, getenv)
	if err != nil {
		f.wrong("inventory: %v", err)
		return
	}
	web, build := inventory.Hosts(q.group()), inventory.Hosts(config.BuildGroup)
	f.secrets, f.leftOut = secretsOf(append(slices.Clone(web), build...)), inventory.LeftOut
	switch {
	case q.verb == config.Setup:
		f.setup(q, inventory)
	case takes(q.verb, "host"):
		f.values["host"] = f.words(f.one(q, inventory), webUser)
	case takes(q.verb, "hosts"):
		f.values["hosts"] = f.words(f.limited(q, inventory, f.webServers(q, inventory)), webUser)
	}
	if takes(q.verb, "build-host") && q.verb != config.Setup {
		f.buildHost(q, build, inventory.Groups())
	}
}

func readInventory(ctx context.Context, q question, getenv func(string) string) (ansible.Inventory, error) {
	programs, err := ansible.Open(getenv)
	if err != nil {
		return ansible.Inventory{}, err
	}
	defer programs.Close()
	if q.verb == config.Setup {
		if err := programs.Check(ctx); err != nil {
			return ansible.Inventory{}, err
		}
	}
	return programs.List(ctx, ansible.Source{
		Path: q.given("inventory"), Vault: []byte(strings.TrimRight(q.look("vault-password"), "\r\n")),
		Plain: q.verb != config.Setup, // the playbook needs all variables
	})
}

func defaultOf(name string) string {
	at := slices.IndexFunc(config.Settings, func(s config.Setting) bool { return s.Name == name })
	return config.Settings[at].Default
}

// noGroup lists the existing groups: the right one is usually among them.
func noGroup(path, group string, groups []string) string {
	has := "no group at all"
	if len(groups) > 0 {
		has = strings.Join(groups, ", ")
	}
	return fmt.Sprintf("%.200q has no hosts in a group %s; it has %s", path, group, has)
}

func (f *found) webServers(q question, inventory ansible.Inventory) []ansible.Host {
	web := inventory.Hosts(q.group())
	if len(web) == 0 {
		f.wrong("inventory: %s", noGroup(q.given("inventory"), q.group(), inventory.Groups()))
	}
	return web
}

// setup takes the servers of both groups. It needs at least one server.
func (f *found) setup(q question, inventory ansible.Inventory) {
	web, build := inventory.Hosts(q.group()), inventory.Hosts(config.BuildGroup)
	if len(web) == 0 && (len(build) == 0 || q.group() != defaultOf("inventory-group")) {
		f.wrong("inventory: %s", noGroup(q.given("inventory"), q.group(), inventory.Groups()))
	}
	var both []ansible.Host
	names := map[string]bool{}
	for _, h := range append(slices.Clone(web), build...) {
		if !names[h.Name] {
			both = append(both, h)
		}
		names[h.Name] = true
	}
	f.hosts = f.limited(q, inventory, both)
	f.values["hosts"] = f.words(f.hosts, webUser)
}

// buildHost finds the one build server. A given one may be a name of the
// inventory.
func (f *found) buildHost(q question, build []ansible.Host, groups []string) {
	path, given := q.given("inventory"), q.given("build-host")
	if given != "" {
		if at := slices.IndexFunc(build, func(h ansible.Host) bool { return h.Name == given }); at >= 0 {
			f.values["build-host"] = f.words(build[at:at+1], buildUser)
		}
		return
	}
	f.values["build-host"] = ""
	switch {
	case len(build) == 1:
		f.values["build-host"] = f.words(build, buildUser)
	case len(build) > 1:
		f.wrong("build-host: %.200q has %d hosts in the group %s (%s), and only one of them can have the release: name it as build-host", path, len(build), config.BuildGroup, words.Names(namesOf(build)))
	case q.verb != config.Rollback: // a rollback works without a build server
		f.wrong("build-host: missing, and %s: give build-host", noGroup(path, config.BuildGroup, groups))
	}
}

// words returns the servers in the form of the setting hosts.
func (f *found) words(hosts []ansible.Host, users []string) string {
	var all []string
	for _, h := range hosts {
		word := wordOf(h, users)
		if name := encryptedOf(h, users); name != "" {
			f.wrong("inventory: host %.100q: %s is encrypted: write it in plain text, or give vault-password with it in an encrypted file", h.Name, name)
		} else if _, err := config.ParseHost(word); err != nil {
			f.wrong("inventory: host %.100q: %v; ansible_host, ansible_port and %s have to be plain values, without {{ }}", h.Name, err, strings.Join(users, ", "))
		} else {
			all = append(all, word)
		}
	}
	return strings.Join(all, "\n")
}

// tellLeftOut says which files were not read: they may say more of the hosts.
func (s settings) tellLeftOut(log *progress.Log) {
	if len(s.leftOut) == 0 {
		return
	}
	here, _ := os.Getwd() // without it the paths are absolute
	var files []string
	for _, file := range s.leftOut {
		if short, err := filepath.Rel(here, file); err == nil && filepath.IsLocal(short) {
			file = short
		}
		files = append(files, file)
	}
	log.Say("", "inventory: encrypted and not read, without vault-password: %s", words.Names(files))
}
