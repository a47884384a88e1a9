package app

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/setup"
)

// setUp prepares servers. It checks the tools on this machine and the key
// before it connects to any server.
func setUp(ctx context.Context, j job) report.Result {
	if j.collection == nil {
		return j.failed(errors.New("this program was built without Ansible's collection apxr.slipway"))
	}
	tools, err := j.setupTools(ctx)
	defer func() { tools.open.Close() }() // some may be open after an error too
	if err != nil {
		return j.failed(err)
	}
	plan := setupPlan(j.settings, tools.access)
	plan.Collection = j.collection
	defer j.log.Phase("Set up %s", plan.Subject())()
	result, err := setup.Run(ctx, tools.programs, plan, j.getenv("HOME"), j.log)
	return report.Setup{Result: result, Ended: report.Ended{Err: err}}
}

// setupTools are the tools of a setup on this machine.
type setupTools struct {
	programs *ansible.Programs
	access   setup.Access
	open     closers
}

func (j job) setupTools(ctx context.Context) (tools setupTools, err error) {
	programs, missing := ansible.Open(j.getenv)
	if missing == nil {
		tools.programs, tools.open = programs, closers{programs}
	}
	if missing == nil && j.Ansible.Inventory == "" { // reading an inventory has already checked for Ansible
		missing = programs.Check(ctx)
	}
	access, open, wrong := openAccess(j.settings, j.getenv)
	tools.access, tools.open = access, append(tools.open, open...)
	if ctx.Err() != nil {
		missing = nil // it may be there after all
	}
	if err := errors.Join(missing, wrong); err != nil {
		return tools, mistakesOf(err)
	}
	if ctx.Err() != nil {
		return tools, errors.New("cancelled: nothing was changed")
	}
	return tools, nil
}

// closers are closed in reverse order.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i].Close())
	}
	return errors.Join(errs...)
}

// openAccess offers the key to ssh through an SSH agent of its own, so that ssh
// never sees the key.
func openAccess(set settings, getenv func(string) string) (setup.Access, closers, error) {
	given := set.Access
	access := setup.Access{KnownHosts: given.KnownHosts}
	if allLocal(set.Config) {
		return access, nil, nil
	}
	var missing error
	if ansible.Look("ssh", getenv) == "" {
		missing = errors.New("OpenSSH is not installed on this machine: there is no ssh in the PATH; install it with 'apt-get install openssh-client'")
	}
	auth, err := remote.NewAuth(credentials(given))
	if err != nil || missing != nil {
		return access, nil, errors.Join(missing, ofSetup(err), auth.Close())
	}
	socket, err := local.Offer(auth.Agent())
	if err != nil {
		return access, nil, errors.Join(err, auth.Close())
	}
	access.Agent = socket.Path()
	for _, h := range given.Jumps {
		access.Jumps = append(access.Jumps, setup.Jump(h))
	}
	return access, closers{auth, socket}, nil
}

var ofSSH = regexp.MustCompile(`\bssh-(key|passphrase|certificate)\b`)

// ofSetup renames the settings in an error about a login: a setup has other
// names for them.
func ofSetup(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(ofSSH.ReplaceAllString(err.Error(), "setup-$1"))
}

func setupPlan(set settings, access setup.Access) setup.Plan {
	a := set.Ansible
	p := setup.Plan{
		Org: set.App.Org, App: set.App.Name, Inventory: a.Inventory, Group: a.Group, User: a.User, Access: access,
		Vars: a.Vars, Vault: a.VaultPassword, Check: a.Check, Verbose: set.Access.Verbose,
	}
	if a.Inventory != "" {
		for _, h := range set.hosts {
			p.Names = append(p.Names, h.Name)
		}
		return p
	}
	for _, h := range set.Hosts {
		p.Servers = append(p.Servers, serverOf(h, true, h == set.BuildHost))
	}
	if b := set.BuildHost; b != (config.Host{}) && !slices.Contains(set.Hosts, b) {
		p.Servers = append(p.Servers, serverOf(b, false, true))
	}
	return p
}

func serverOf(h config.Host, web, build bool) setup.Server {
	s := setup.Server{Name: h.String(), Address: h.Host, Port: h.Port, Local: h.IsLocal(), Web: web, Build: build}
	if h.User != config.DefaultUser {
		s.DeployUser = h.User
	}
	return s
}
