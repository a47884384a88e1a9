// Package setup prepares servers by running Ansible's collection apxr.slipway from
// this machine: it makes the input of ansible-playbook, runs it, and reads the
// result on each server.
//
// The package does not know what the collection does on a server. It never sees the
// SSH key either: an SSH agent signs.
package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/progress"
)

// playbook runs the collection's. Ansible warns of a playbook that is in a collection
// itself, and nobody could do anything about that.
const (
	playbookFile = "setup.yml"
	playbook     = "- import_playbook: apxr.slipway.setup\n"
)

// Plan says what to set up, and how.
type Plan struct {
	Org, App   string
	Collection fs.FS // apxr.slipway, with galaxy.yml at its top

	Servers   []Server // servers given by address
	Inventory string   // path of the user's inventory, if there is one
	Group     string   // the group of the web servers in Inventory
	Names     []string // the servers in Inventory to set up

	User    string
	Access  Access
	Vars    []byte // YAML; they override those of the inventory
	Vault   []byte // password of Ansible Vault, if any
	Check   bool   // whether to change nothing
	Verbose int    // 0 to 2
}

// Subject describes the setup in a few words.
func (p Plan) Subject() string {
	verb := ""
	if p.Check {
		verb = ", changing nothing"
	}
	n := len(p.names())
	if n == 1 {
		return fmt.Sprintf("%s/%s on 1 server%s", p.Org, p.App, verb)
	}
	return fmt.Sprintf("%s/%s on %d servers%s", p.Org, p.App, n, verb)
}

// Access says how the servers are reached.
type Access struct {
	Agent      string // socket of the SSH agent that logs in; empty if all servers are local
	KnownHosts []byte
	Jumps      []Jump // in order, from this machine to the servers
}

// Jump is a server through which others are reached.
type Jump struct{ User, Host, Port string }

// Run sets the servers up. If it fails, or if ctx ends first, the result has what
// is known.
func Run(ctx context.Context, programs *ansible.Programs, p Plan, home string, log *progress.Log) (Result, error) {
	began := time.Now()
	files := place{programs.Dir()}
	r := Result{Check: p.Check}
	if err := files.furnish(p); err != nil {
		return r, fmt.Errorf("cannot prepare the files for Ansible: %w", err)
	}
	defer files.endConnections(programs)
	output := log.Output("ansible")
	said, complaints := &listener{to: output}, &listener{to: output}
	if p.Verbose == 0 {
		said.to = io.Discard // hundreds of lines, of which the result has what matters
	}
	defer log.WhileSilent("ansible-playbook")()
	followed := follow(files.results(), log)
	err := programs.Playbook(ctx, ansible.Call{
		Args: p.arguments(files), Env: p.environment(files, home),
		Vault: p.Vault, Vars: p.Vars, Stdout: said, Stderr: complaints,
	})
	output.Close()
	followed()
	tasks, stats, readErr := readFile(files.results())
	r.Took = time.Since(began)
	r.Hosts = outcomes(p.names(), tasks, stats, fate{check: p.Check, failed: err != nil, broken: said.broken()})
	if cause := ctx.Err(); cause != nil && err != nil {
		r.Cancelled = true
		return r, errors.New("cancelled: servers may be set up in part. That is safe: run the setup again")
	}
	return r, errors.Join(r.failure(err, complaints.last()), readErr)
}

// place is the private directory of a run.
type place struct{ dir string }

func (f place) path(name string) string { return filepath.Join(f.dir, name) }
func (f place) results() string         { return f.path("results") }

func (f place) furnish(p Plan) error {
	config, err := f.sshConfig(p.Access)
	if err != nil {
		return err
	}
	inventory, err := p.inventory()
	if err != nil {
		return err
	}
	known, signing := authorities(p.Access.KnownHosts)
	for name, text := range map[string][]byte{
		"ssh_config": []byte(config), knownFile: known, authoritiesFile: signing, nameCheckFile: []byte(nameCheck),
		playbookFile: []byte(playbook), "limit": p.limit(), "hosts.json": inventory, "results": nil,
	} {
		if err := os.WriteFile(f.path(name), text, 0o600); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(f.path(controlDir), 0o700); err != nil {
		return err
	}
	return os.CopyFS(f.path("collections/ansible_collections/apxr/slipway"), p.Collection)
}
