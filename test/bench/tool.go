package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/test/command"
)

// verb is what a tool is asked to do.
type verb string

// The verbs in the order of a round: each begins where the one before ends.
const (
	first     verb = "first"     // deploy A to a host that has no release
	redeploy  verb = "redeploy"  // deploy B
	rollback  verb = "rollback"  // back to A
	unchanged verb = "unchanged" // deploy A, which runs
)

var verbs = []verb{first, redeploy, rollback, unchanged}

// tool is a way to deploy.
type tool struct {
	Name  string
	What  string // one line for the page
	verbs []verb
	// placed tools deploy nothing: they find both releases on the hosts.
	placed bool
	run    func(s *site, v verb) (*exec.Cmd, error)
}

func (t tool) does(v verb) bool { return slices.Contains(t.verbs, v) }

// The names of the tools that bars are about.
const (
	floorName      = "floor"
	scpName        = "scp"
	rsyncName      = "rsync"
	capistranoName = "Capistrano"
	slipwayName    = "Slipway"
)

var tools = []tool{
	{Name: floorName, What: "one ssh connection that links and restarts: no transfer, no proof", verbs: []verb{redeploy}, placed: true, run: script("switch")},
	{Name: scpName, What: "scp of a tarball, then one ssh that unpacks, links and restarts", verbs: []verb{first, redeploy}, run: script("scp")},
	{Name: rsyncName, What: "rsync with --link-dest, then one ssh that links and restarts; the rollback is one ssh", verbs: verbs, run: script("rsync")},
	{Name: "Ansible", What: "a playbook with unarchive, file and a handler that restarts; pipelining", verbs: verbs, run: ansible},
	{Name: capistranoName, What: "its own flow, with git on the host as repository, and a restart", verbs: verbs, run: capistrano},
	{Name: slipwayName, What: "slipway deploy and slipway rollback", verbs: verbs, run: slipway},
}

//go:embed peers
var peers embed.FS

const (
	base = "/opt/apxr/apxr_io"
	unit = "apxr_io.service"
	repo = "/srv/git/apxr_io.git"
)

// directory is the name that a peer gives to a release of a verb.
func directory(v verb) string {
	return map[verb]string{first: "1", redeploy: "2", rollback: "1", unchanged: "3"}[v]
}

// runs returns the release that runs after a verb.
func (s *site) runs(v verb) build {
	if v == redeploy {
		return s.releases.B
	}
	return s.releases.A
}

// script returns a tool that is a shell script.
func script(name string) func(*site, verb) (*exec.Cmd, error) {
	return func(s *site, v verb) (*exec.Cmd, error) {
		file := name
		if v == rollback {
			file = "switch"
		}
		r := s.runs(v)
		cmd := exec.Command("sh", filepath.Join(s.dir, file+".sh"))
		cmd.Env = s.environment("PEERS="+s.dir, "RELEASE="+directory(v), "TREE="+r.Tree, "TARBALL="+r.Tarball)
		return cmd, nil
	}
}

// environment is what every peer has.
func (s *site) environment(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "USER=bench", "LANG=C.UTF-8",
		"HOSTS=" + strings.Join(s.names(), " "), "SSH_CONFIG=" + s.sshConfig(), "BASE=" + base, "UNIT=" + unit,
	}, more...)
}

// ansible unpacks into a directory of the version: unchanged means just that.
func ansible(s *site, v verb) (*exec.Cmd, error) {
	playbook, r := "deploy.yml", s.runs(v)
	if v == rollback {
		playbook = "rollback.yml"
	}
	cmd := exec.Command("ansible-playbook", playbook,
		"-e", fmt.Sprintf("base=%s unit=%s release=%s tarball=%s", base, unit, r.Version, r.Tarball),
		"--ssh-common-args", "-F "+s.sshConfig())
	cmd.Dir = s.dir
	cmd.Env = s.environment("ANSIBLE_HOME="+filepath.Join(s.dir, "ansible"), "ANSIBLE_CONFIG="+filepath.Join(s.dir, "ansible.cfg"))
	return cmd, nil
}

func capistrano(s *site, v verb) (*exec.Cmd, error) {
	task := "deploy"
	if v == rollback {
		task = "deploy:rollback"
	}
	branch := "a"
	if v == redeploy {
		branch = "b"
	}
	cmd := exec.Command("cap", "production", task)
	cmd.Dir = s.dir
	cmd.Env = s.environment("APP="+app.Name, "REPO="+repo, "BRANCH="+branch)
	return cmd, nil
}

// settle is how long Slipway looks on after the switch: one look.
const settle = time.Duration(0)

func slipway(s *site, v verb) (*exec.Cmd, error) {
	path, err := command.Program()
	args := []string{"deploy", "--release-id", string(s.runs(v).ID)}
	if v == rollback {
		args = []string{"rollback"}
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.releases.Home, "USER=bench",
		"SLIPWAY_APP=" + app.String(), "SLIPWAY_HOSTS=" + strings.Join(s.addresses(), ","),
		"SLIPWAY_SSH_KEY_FILE=" + s.lab.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + s.knownHosts(),
		"SLIPWAY_SETTLE=" + settle.String(), fmt.Sprintf("SLIPWAY_MAX_PARALLEL=%d", len(s.hosts)),
	}
	if v != rollback {
		cmd.Env = append(cmd.Env, "SLIPWAY_BUILD_HOST=local", "SLIPWAY_KEEP_RELEASES=20")
	}
	return cmd, err
}
