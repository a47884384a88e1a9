package setup

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Server is a server that was given by address.
type Server struct {
	Name       string // in messages
	Address    string
	Port       string
	DeployUser string // empty if the variables decide
	Local      bool   // whether it is this machine
	Web, Build bool   // whether it becomes a web server, a build server
}

// The groups that the collection's playbook sets up.
const (
	webGroup   = "web-servers"
	buildGroup = "build-servers"
)

// aliases returns the inventory's name for each server, in order. Ansible cannot
// take such a name for a pattern or a name with a port.
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

// names returns the servers to set up, each with Ansible's name and the name for
// people.
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

// limit lists Ansible's names, one a line. No other server of an inventory is
// touched.
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

// inventory returns an inventory of the servers that were given by address. Beside
// the user's own inventory, it also says which of its groups are the web servers.
// It is JSON, which is also YAML.
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
