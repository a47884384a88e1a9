package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/remote"
)

// settings are the settings of a verb after its inventory was read.
type settings struct {
	config.Config
	hosts   []ansible.Host // hosts of the inventory, for a setup
	secrets []string       // secrets in the inventory
}

// load reads all settings of a verb, and takes the servers from the inventory
// if there is one. It reports mistakes in the inventory together with all
// others.
func load(ctx context.Context, verb config.Verb, look config.Lookup, getenv func(string) string) (settings, error) {
	var found found
	if takes(verb, "inventory") && strings.TrimSpace(look("inventory")) != "" {
		found.ask(ctx, verb, look, getenv)
		look = found.instead(look)
	}
	cfg, err := config.Load(verb, look)
	s := settings{Config: cfg, hosts: found.hosts, secrets: found.secrets}
	var wrong config.Mistakes
	if errors.As(err, &wrong); len(found.mistakes)+len(wrong) == 0 {
		return s, nil
	}
	return s, append(found.mistakes, wrong.And(keyMistakes(cfg, getenv))...)
}

// keyMistakes returns the mistakes in keys. They would be found when the keys are
// used; here they come together with all others.
func keyMistakes(cfg config.Config, getenv func(string) string) config.Mistakes {
	var err error
	if named := len(cfg.Hosts) > 0 || cfg.BuildHost != (config.Host{}); !named || !allLocal(cfg) {
		var auth *remote.Auth
		if auth, err = remote.NewAuth(credentials(cfg.Access)); err == nil {
			defer auth.Close()
		}
	}
	if cfg.Verb == config.Setup {
		err = ofSetup(err)
	}
	keys, keysErr := openKeys(cfg.Build, getenv)
	if keysErr == nil {
		defer keys.Close()
	}
	return mistakesOf(errors.Join(err, keysErr))
}

// mistakesOf returns the lines of an error that has one for each setting.
func mistakesOf(err error) config.Mistakes {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func takes(verb config.Verb, name string) bool {
	return slices.ContainsFunc(config.Of(verb), func(s config.Setting) bool { return s.Name == name })
}

// found is what an inventory provides.
type found struct {
	values   map[string]string // replace the settings of these names
	hosts    []ansible.Host
	secrets  []string
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

func (f *found) ask(ctx context.Context, verb config.Verb, look config.Lookup, getenv func(string) string) {
	given := func(name string) string { return strings.TrimSpace(look(name)) }
	path, group := given("inventory"), cmp.Or(given("inventory-group"), defaultOf("inventory-group"))
	f.values = map[string]string{"hosts": ""}
	if given("hosts") != "" {
		f.wrong("hosts: an inventory is given too: leave one of the two out")
	}
	if verb == config.Setup && given("build-host") != "" {
		f.wrong("build-host: an inventory is given too, and its group %s says which servers build: leave one of the two out", config.BuildGroup)
		f.values["build-host"] = ""
	}
	inventory, err := readInventory(ctx, verb, path, strings.TrimRight(look("vault-password"), "\r\n"), getenv)
	if err != nil {
		f.wrong("inventory: %v", err)
		return
	}
	web, build := inventory.Hosts(group), inventory.Hosts(config.BuildGroup)
	f.secrets = secretsOf(append(slices.Clone(web), build...))
	if verb == config.Setup {
		f.setup(path, group, web, build, inventory.Groups())
		return
	}
	if len(web) == 0 {
		f.wrong("inventory: %s", noGroup(path, group, inventory.Groups()))
	}
	f.values["hosts"] = f.words(web)
	if takes(verb, "build-host") && given("build-host") == "" {
		f.buildHost(verb, path, build, inventory.Groups())
	}
}

func readInventory(ctx context.Context, verb config.Verb, path, vault string, getenv func(string) string) (ansible.Inventory, error) {
	programs, err := ansible.Open(getenv)
	if err != nil {
		return ansible.Inventory{}, err
	}
	defer programs.Close()
	if verb == config.Setup {
		if err := programs.Check(ctx); err != nil {
			return ansible.Inventory{}, err
		}
	}
	return programs.List(ctx, path, []byte(vault))
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

// setup takes the servers of both groups. It needs at least one server.
func (f *found) setup(path, group string, web, build []ansible.Host, groups []string) {
	if len(web) == 0 && (len(build) == 0 || group != defaultOf("inventory-group")) {
		f.wrong("inventory: %s", noGroup(path, group, groups))
	}
	names := map[string]bool{}
	for _, h := range append(slices.Clone(web), build...) {
		if !names[h.Name] {
			f.hosts = append(f.hosts, h)
		}
		names[h.Name] = true
	}
	f.values["hosts"] = f.words(f.hosts)
}

func (f *found) buildHost(verb config.Verb, path string, build []ansible.Host, groups []string) {
	f.values["build-host"] = ""
	switch {
	case len(build) == 1:
		f.values["build-host"] = f.words(build)
	case len(build) > 1:
		f.wrong("build-host: %.200q has %d hosts in the group %s, and only one of them can have the release: name it as build-host", path, len(build), config.BuildGroup)
	case verb != config.Rollback: // a rollback works without a build server
		f.wrong("build-host: missing, and %s: give build-host", noGroup(path, config.BuildGroup, groups))
	}
}

// words returns the servers in the form of the setting hosts.
func (f *found) words(hosts []ansible.Host) string {
	var words []string
	for _, h := range hosts {
		word := wordOf(h)
		if _, err := config.ParseHost(word); err != nil {
			f.wrong("inventory: host %.100q: %v; ansible_host, ansible_port and slipway_deploy_user have to be plain values, without {{ }}", h.Name, err)
			continue
		}
		words = append(words, word)
	}
	return strings.Join(words, "\n")
}
