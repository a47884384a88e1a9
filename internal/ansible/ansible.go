// Package ansible runs Ansible's programs on this machine. They ignore any
// ansible.cfg, see only the environment of a login, and get secrets in a way that
// puts them in no argument list and on no disk.
//
// The package does not know what the programs are run for.
package ansible

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Programs are the programs of one Ansible, with a private directory for the files
// that they write.
type Programs struct {
	playbook  string
	inventory string
	dir       string
	env       []string
}

// The oldest version of Ansible that can run a playbook of a collection as Slipway
// needs it.
const (
	leastMajor = 2
	leastMinor = 14
)

const advice = "install it with 'pipx install ansible-core' or, on Debian 12, Ubuntu 24.04 and later, 'apt-get install ansible-core'"

// Open looks for Ansible in the PATH. If it is not there, the error says how to
// install it.
func Open(getenv func(string) string) (*Programs, error) {
	p := &Programs{}
	for name, at := range map[string]*string{"ansible-playbook": &p.playbook, "ansible-inventory": &p.inventory} {
		if *at = Look(name, getenv); *at == "" {
			return nil, errors.New("Ansible is not installed on this machine: there is no " + name + " in the PATH; " + advice)
		}
	}
	if err := p.furnish(getenv); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Check returns an error if a playbook of a collection cannot be run because
// Ansible does not work or is too old. It takes half a second. Reading an
// inventory needs no check: older versions can do that too.
func (p *Programs) Check(ctx context.Context) error {
	version, err := p.version(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		//lint:ignore ST1005 Ansible is a name.
		return fmt.Errorf("Ansible does not work on this machine: %w; %s", err, advice)
	case !isEnough(version):
		//lint:ignore ST1005 Ansible is a name.
		return fmt.Errorf("Ansible on this machine is version %s (%s), but ansible-core %d.%d or later is needed; %s",
			version, p.playbook, leastMajor, leastMinor, advice)
	}
	return nil
}

// memory is a directory that Linux keeps in memory. Ansible's copy and template
// modules write what they send, secrets included, into a temporary file first:
// that file must not be on a disk.
const memory = "/dev/shm"

// privateDir makes a directory that only this user can read. Its name is short,
// since it will hold sockets.
func privateDir() (string, error) {
	name := fmt.Sprintf("slipway-%d-", os.Getpid())
	if dir, err := os.MkdirTemp(memory, name); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", name)
}

// furnish makes the private directory and puts an empty configuration into it:
// without one, Ansible would look elsewhere.
func (p *Programs) furnish(getenv func(string) string) (err error) {
	if p.dir, err = privateDir(); err != nil {
		return err
	}
	p.env = environment(getenv, p.dir)
	return os.WriteFile(filepath.Join(p.dir, configFile), nil, 0o600)
}

// Dir returns the private directory.
func (p *Programs) Dir() string { return p.dir }

// Close removes the private directory.
func (p *Programs) Close() error { return os.RemoveAll(p.dir) }

// Look returns the path of a program in the PATH, or "" if it is not there.
func Look(name string, getenv func(string) string) string {
	for _, dir := range filepath.SplitList(getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue // a relative one finds another program in each directory
		}
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path
		}
	}
	return ""
}

var versionRE = regexp.MustCompile(`^ansible-playbook (?:\[core )?([0-9]+\.[0-9]+[0-9a-z.]*)`)

func (p *Programs) version(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, p.playbook, "--version")
	cmd.Env = p.env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("ansible-playbook --version: %w: %s", err, lastLine(exit.Stderr))
	}
	if err != nil {
		return "", err
	}
	found := versionRE.FindSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("ansible-playbook --version says %.100q", out)
	}
	return string(found[1]), nil
}

func isEnough(version string) bool {
	parts := strings.Split(version, ".") // versionRE matched at least two numbers
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	return major > leastMajor || major == leastMajor && minor >= leastMinor
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// Env returns the environment of Ansible's programs.
func (p *Programs) Env() []string { return p.env }
