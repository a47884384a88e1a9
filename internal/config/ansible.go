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

// Ansible is what concerns an inventory, and what a setup by Ansible is told.
type Ansible struct {
	Inventory     string // a path; empty: the servers are listed
	Group         string // of the web servers
	VaultPassword []byte
	User          string
	Vars          []byte // a YAML mapping, as it was given
	Check         bool

	values []string // in Vars
}

// BuildGroup is the group of an inventory that has the build servers.
const BuildGroup = "build-servers"

var (
	groupRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	setupNameRE = regexp.MustCompile(`^slipway_[a-z0-9_]+$`)
)

func (l *loader) ansible(c Config) Ansible {
	a := Ansible{
		Inventory: l.inventory(),
		Group:     l.matching("inventory-group", groupRE, "the name of a group of the inventory, such as web-servers"),
		// The line break is the file's, not the password's.
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

// inventory is one path: ansible takes a text with a comma for a list of hosts.
func (l *loader) inventory() string {
	v := l.value("inventory")
	if strings.ContainsAny(v, ",\n\r\x00") {
		l.wrong("inventory", "%.100q is not one path: a list of servers is given as hosts", v)
	}
	return v
}

// setupVars are checked as far as can be without Ansible, which reads them.
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

// mapping reads one YAML document. The map is nil if the text has comments alone.
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

// lineOf returns where the first error is, if the parser knows that.
func lineOf(err error) string {
	if failed, ok := errors.AsType[*yaml.LoadError](err); ok && failed.Mark.Line > 0 {
		return fmt.Sprintf(" (line %d)", failed.Mark.Line)
	}
	return ""
}

// texts are the scalars of a value.
func texts(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for i, part := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 { // not its keys
			all = append(all, texts(part)...)
		}
	}
	return all
}

// setupSecrets are the values that are long enough to be secrets, but for those
// that stand in other settings for everybody to read.
func (c Config) setupSecrets() []string {
	public := []string{c.App.Org, c.App.Name, c.App.String(), c.Ansible.User, DefaultUser}
	return slices.DeleteFunc(slices.Clone(c.Ansible.values), func(v string) bool {
		return utf8.RuneCountInString(v) < shortestValue || slices.Contains(public, v)
	})
}
