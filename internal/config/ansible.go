package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Ansible has the inventory, and the settings of a setup by Ansible.
type Ansible struct {
	Inventory     string // path; empty: the servers are listed in a setting
	Group         string // group of the web servers
	VaultPassword []byte
	User          string
	Vars          []byte // YAML mapping, exactly as given
	Check         bool

	values []string // scalar values in Vars
}

// BuildGroup is the group of build servers in an inventory.
const BuildGroup = "build-servers"

var (
	groupRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	setupNameRE = regexp.MustCompile(`^slipway_[a-z0-9_]+$`)
)

func (l *loader) ansible(c Config) Ansible {
	a := Ansible{
		Inventory: l.inventory(),
		Group:     l.matching("inventory-group", groupRE, "the name of a group of the inventory, such as web-servers"),
		// The line break belongs to the file, not to the password.
		VaultPassword: []byte(strings.TrimRight(l.value("vault-password"), "\r\n")),
		User:          l.matching("setup-user", userRE, "the name of a user"),
		Check:         l.isOn("check"),
	}
	if l.verb != Setup {
		return a
	}
	if len(c.Hosts) == 0 && c.BuildHost == (Host{}) && a.Inventory == "" && l.value("hosts") == "" && l.value("build-host") == "" {
		l.wrong("hosts", "missing. Say which servers to set up: hosts, build-host or both, or an inventory")
	}
	a.Vars, a.values = l.setupVars(c)
	return a
}

// inventory returns one path. Ansible would read a text with a comma as a list
// of hosts.
func (l *loader) inventory() string {
	v := l.value("inventory")
	if strings.ContainsAny(v, ",\n\r\x00") {
		l.wrong("inventory", "%.100q is not one path: a list of servers is given as hosts", v)
	}
	return v
}

// setupVars checks the variables as far as possible without Ansible, which
// reads them later.
func (l *loader) setupVars(c Config) (text []byte, values []string) {
	text = []byte(l.value("setup-vars"))
	if len(text) == 0 {
		return nil, nil
	}
	vars, err := mapping(text)
	if err != nil {
		l.wrong("setup-vars", "this is not a YAML mapping of lines slipway_NAME: value%s", lineOf(err)) // the error may quote a secret
		return nil, nil
	}
	if vars == nil {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		node := vars[name]
		switch {
		case !setupNameRE.MatchString(name):
			l.wrong("setup-vars", "line %d: its name is not one of slipway's variables, which begin with slipway_", node.Line)
		case name == "slipway_org" && node.Value != c.App.Org, name == "slipway_app" && node.Value != c.App.Name:
			l.wrong("setup-vars", "%s is not what app says: leave it out", name)
		default:
			values = append(values, texts(&node)...)
		}
	}
	return text, values
}

// mapping reads one YAML document. The map is nil if the text has only
// comments.
func mapping(text []byte) (map[string]yaml.Node, error) {
	var documents []map[string]yaml.Node
	if err := yaml.Load(text, &documents, yaml.WithAllDocuments()); err != nil {
		return nil, err
	}
	switch len(documents) {
	case 0:
		return nil, nil
	case 1:
		return documents[0], nil
	}
	return nil, errors.New("several documents")
}

// lineOf returns the line of the first error, if the parser knows it.
func lineOf(err error) string {
	if failed, ok := errors.AsType[*yaml.LoadError](err); ok && failed.Mark.Line > 0 {
		return fmt.Sprintf(" (line %d)", failed.Mark.Line)
	}
	return ""
}

// texts returns the scalars of a value.
func texts(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for i, part := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 { // skip the keys of a mapping
			all = append(all, texts(part)...)
		}
	}
	return all
}

// setupSecrets returns the values that are long enough to be secrets. It leaves
// out values that other settings show in public.
func (c Config) setupSecrets() []string {
	public := []string{c.App.Org, c.App.Name, c.App.String(), c.Ansible.User, DefaultUser}
	return slices.DeleteFunc(slices.Clone(c.Ansible.values), func(v string) bool {
		return utf8.RuneCountInString(v) < shortestValue || slices.Contains(public, v)
	})
}
