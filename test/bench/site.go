package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// site is some hosts of the lab, the link that leads to them, and a directory
// with the peers' files.
type site struct {
	releases releases
	lab      *lab.Lab
	hosts    []*lab.Host
	link     *link
	doors    []*net.TCPAddr // of the link, one for each host
	dir      string
}

// newSite opens a link to the first hosts of a lab.
func newSite(l *lab.Lab, r releases, hosts int, s shape) (*site, error) {
	dir, err := os.MkdirTemp(l.Dir(), "site-") // removed with the lab
	if err != nil {
		return nil, err
	}
	w := &site{releases: r, lab: l, hosts: l.WebHosts()[:hosts], link: newLink(s), dir: dir}
	for _, h := range w.hosts {
		door, err := w.link.open(net.JoinHostPort(h.Addr, "22"))
		if err != nil {
			return w, err
		}
		w.doors = append(w.doors, door)
	}
	return w, w.write()
}

func (s *site) names() (names []string) {
	for _, h := range s.hosts {
		names = append(names, h.Name)
	}
	return names
}

func (s *site) addresses() (addresses []string) {
	for _, door := range s.doors {
		addresses = append(addresses, door.String())
	}
	return addresses
}

func (s *site) sshConfig() string  { return filepath.Join(s.dir, "ssh_config") }
func (s *site) knownHosts() string { return filepath.Join(s.dir, "known_hosts") }

// write writes the peers' files.
func (s *site) write() error {
	for name, place := range map[string]string{
		"common.sh": "", "switch.sh": "", "scp.sh": "", "rsync.sh": "", "ansible.cfg": "", "deploy.yml": "", "rollback.yml": "",
		"Capfile": "", "deploy.rb": "config", "production.rb": "config/deploy",
	} {
		text, err := peers.ReadFile("peers/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(s.dir, place, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			return err
		}
	}
	known, err := s.keys()
	return errors.Join(err,
		os.WriteFile(s.knownHosts(), []byte(known), 0o644),
		os.WriteFile(s.sshConfig(), []byte(s.config()), 0o644),
		os.WriteFile(filepath.Join(s.dir, "inventory"), []byte(strings.Join(s.names(), "\n")+"\n"), 0o644))
}

// config has the same key exchange as Slipway: OpenSSH's own default takes 90 ms
// more on each connection, and this compares ways to deploy.
func (s *site) config() string {
	var text strings.Builder
	for i, h := range s.hosts {
		fmt.Fprintf(&text, "Host %s\n  HostName 127.0.0.1\n  Port %d\n", h.Name, s.doors[i].Port)
	}
	fmt.Fprintf(&text, `Host *
  User deploy
  IdentityFile %s
  IdentitiesOnly yes
  IdentityAgent none
  BatchMode yes
  UserKnownHostsFile %s
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  LogLevel ERROR
  KexAlgorithms curve25519-sha256
`, s.lab.DeployKeyPath(), s.knownHosts())
	return text.String()
}

// keys are the hosts' keys under the addresses of the link.
func (s *site) keys() (string, error) {
	data, err := os.ReadFile(s.lab.KnownHostsPath())
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for i, h := range s.hosts {
		for line := range strings.Lines(string(data)) {
			if names, key, _ := strings.Cut(line, " "); slices.Contains(strings.Split(names, ","), h.Addr) {
				fmt.Fprintf(&lines, "[127.0.0.1]:%d %s", s.doors[i].Port, key)
			}
		}
	}
	return lines.String(), nil
}

// everywhere does something for all hosts at the same time.
func (s *site) everywhere(do func(h *lab.Host) error) error {
	errs := make([]error, len(s.hosts))
	var all sync.WaitGroup
	for i, h := range s.hosts {
		all.Go(func() { errs[i] = do(h) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// emptied is a host as it is before the first deploy. The unit of the peers
// starts the release itself; Slipway's has a launcher.
//
// What was there moves away, and is removed with the lab: for minutes, ext4 does
// not use the inode of a removed file again, and whoever makes a file looks at
// all of those first. After thousands of removed files a copy takes 20 times as long.
const emptied = `set -e
systemctl stop $UNIT
systemctl reset-failed $UNIT 2>/dev/null || true
rm -rf /run/systemd/system/$UNIT.d
earlier=$(mktemp -d $BASE.earlier.XXXXXX)
find $BASE -mindepth 1 -maxdepth 1 ! -name releases ! -name .slipway -exec mv -t $earlier {} +
mkdir $earlier/releases $earlier/.slipway
for part in releases .slipway; do
	find $BASE/$part -mindepth 1 -maxdepth 1 -exec mv -t $earlier/$part {} +
done
if [ "$1" = peer ]; then
	mkdir -p /run/systemd/system/$UNIT.d
	printf '[Service]\nExecStart=\nExecStart=%s start\n' $BASE/current/bin/apxr_io >/run/systemd/system/$UNIT.d/peer.conf
fi
systemctl daemon-reload
sync -f $BASE
`

// empty takes away whatever a tool has left.
func (s *site) empty(ctx context.Context, t tool) error {
	kind := "peer"
	if t.Name == slipwayName {
		kind = "slipway"
	}
	return s.everywhere(func(h *lab.Host) error {
		_, err := h.Run(ctx, strings.NewReader(emptied), "env", "BASE="+base, "UNIT="+unit, "sh", "-s", kind)
		return err
	})
}

// place puts both releases on the hosts and starts the first one.
func (s *site) place(ctx context.Context) error {
	for v, r := range map[verb]build{first: s.releases.A, redeploy: s.releases.B} {
		err := s.everywhere(func(h *lab.Host) error {
			tarball, err := os.Open(r.Tarball)
			if err != nil {
				return err
			}
			defer tarball.Close()
			dir := base + "/releases/" + directory(v)
			_, err = h.RunAs(ctx, "deploy", tarball, "sh", "-c", "mkdir "+dir+" && tar -xzf - -C "+dir)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.everywhere(func(h *lab.Host) error {
		_, err := h.Run(ctx, nil, "sh", "-c", "ln -s releases/"+directory(first)+" "+base+"/current && systemctl restart "+unit)
		return err
	})
}

// publish gives each host a git repository with the releases as branches, which
// Capistrano deploys from.
func publish(ctx context.Context, l *lab.Lab, r releases) error {
	work := filepath.Join(l.Dir(), "repository")
	git := func(args ...string) error {
		return runTool(ctx, "git", append([]string{"-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "core.autocrlf=false", "-C", work}, args...)...)
	}
	err := errors.Join(os.Mkdir(work, 0o755), git("init", "--quiet", "--initial-branch=a"))
	for _, b := range []struct {
		branch string
		build
	}{{"a", r.A}, {"b", r.B}} {
		err = errors.Join(err, git("symbolic-ref", "HEAD", "refs/heads/"+b.branch),
			git("--work-tree="+b.Tree, "add", "--all", "--force"), git("commit", "--quiet", "--message="+b.Version))
		if b.branch == "a" {
			err = errors.Join(err, git("branch", "b"))
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(git("symbolic-ref", "HEAD", "refs/heads/a"), clone(ctx, l, work))
}

func clone(ctx context.Context, l *lab.Lab, work string) error {
	for _, h := range l.WebHosts() {
		there := h.Root() + repo
		err := errors.Join(runTool(ctx, "git", "clone", "--quiet", "--bare", work, there),
			runTool(ctx, "chown", "-R", "--reference="+h.Root()+"/home/deploy", there))
		if err != nil {
			return err
		}
	}
	return nil
}

// options are a lab of web hosts with what the peers need there.
func options(hosts int, log logger) lab.Options {
	var names []string
	for i := range hosts {
		names = append(names, fmt.Sprintf("web%d", i+1))
	}
	return lab.Options{Hosts: names, Packages: []string{"git", "rsync"}, Log: log}
}

// startLab boots hosts and makes them ready for all tools.
func startLab(ctx context.Context, r releases, hosts int, log logger) (*lab.Lab, error) {
	err := lab.InstallTools(ctx, log, "cap", "rsync", "strace", "ansible-playbook", "git")
	if err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, options(hosts, log))
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, l, r); err != nil {
		return nil, errors.Join(err, l.Stop())
	}
	return l, nil
}

// prepare does once what needs root.
func prepare(ctx context.Context, l *lab.Lab, r releases) error {
	if err := l.PrepareApp(ctx, lab.App{Org: app.Org, Name: app.Name, Port: sample.Port}); err != nil {
		return err
	}
	return publish(ctx, l, r)
}
