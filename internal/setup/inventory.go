package setup

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Server is one that was listed.
type Server struct {
	Name       string // in messages
	Address    string
	Port       string
	DeployUser string // empty: whatever the variables say
	Local      bool   // it is this machine
	Web, Build bool   // what it is for
}

// The groups that the collection's playbook is about.
const (
	webGroup   = "web-servers"
	buildGroup = "build-servers"
)

// alias is what the inventory calls each server, in their order: a name in which
// Ansible sees no port and no pattern.
func (p Plan) aliases() []string {
	var all []string
	taken := map[string]bool{}
	for _, s := range p.Servers {
		name := strings.ReplaceAll(s.Address, ":", "-")
		if s.Local {
			name = "local"
		} else if taken[name] || name == "local" {
			name += "-" + s.Port
		}
		taken[name] = true
		all = append(all, name)
	}
	return all
}

// names are what Ansible calls the servers that are meant, and what people do.
func (p Plan) names() [][2]string {
	var all [][2]string
	for i, alias := range p.aliases() {
		all = append(all, [2]string{alias, p.Servers[i].Name})
	}
	for _, name := range p.Names {
		all = append(all, [2]string{name, name})
	}
	return all
}

// limit has their names in lines: nothing else of an inventory is touched.
func (p Plan) limit() []byte {
	var b strings.Builder
	for _, name := range p.names() {
		b.WriteString(name[0] + "\n")
	}
	return []byte(b.String())
}

type inventoryGroup struct {
	Hosts    map[string]map[string]any `json:"hosts,omitempty"`
	Children map[string]struct{}       `json:"children,omitempty"`
}

// inventory is one of the servers that were listed; beside a given one it says
// which of its groups has the web servers. JSON is YAML too.
func (p Plan) inventory() ([]byte, error) {
	web, build := map[string]map[string]any{}, map[string]map[string]any{}
	groups := map[string]inventoryGroup{webGroup: {Hosts: web}, buildGroup: {Hosts: build}}
	if p.Inventory != "" && p.Group != webGroup {
		groups[webGroup] = inventoryGroup{Children: map[string]struct{}{p.Group: {}}}
	}
	for i, alias := range p.aliases() {
		s := p.Servers[i]
		vars := s.vars()
		if s.Web {
			web[alias] = vars
		}
		if s.Build {
			build[alias] = vars
		}
	}
	return json.MarshalIndent(groups, "", "  ")
}

func (s Server) vars() map[string]any {
	vars := map[string]any{}
	if s.Local {
		vars["ansible_connection"] = "local"
	} else {
		vars["ansible_host"] = s.Address
		if port, err := strconv.Atoi(s.Port); err == nil {
			vars["ansible_port"] = port
		}
	}
	if s.DeployUser != "" {
		vars["slipway_deploy_user"] = s.DeployUser
	}
	return vars
}
