package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// deployUID is the deploy user's ID on every host but the bare ones, as server-setup.sh makes it.
const deployUID = 2000

// furniture is what hosts are given before they boot: everything that tells them apart, and the keys that they accept.
type furniture struct {
	labKeys
	hosts   string            // the lines of /etc/hosts
	sources map[string]string // by host name: the lines of sources.list, where the host has package sources
}

// furnish writes a host's files. It goes through os.Root: a link in the image must not lead out into this machine.
func (f furniture) furnish(h *Host) error {
	root, err := os.OpenRoot(h.Root())
	if err != nil {
		return err
	}
	w := &rootWriter{root: root}
	f.identity(w, h)
	w.write("root/.ssh/authorized_keys", f.Admin.Public+"\n", 0o600, 0)
	switch {
	case isWeb(h.Name):
		w.write("home/deploy/.ssh/authorized_keys", f.Deploy.Public+"\n", 0o600, deployUID)
	case h.Name == "build":
		w.write("home/deploy/.ssh/authorized_keys", f.Deploy.Public+"\n", 0o600, deployUID)
		f.builderKey(w)
	case h.Name == "git":
		w.do(addGitUser(h.Root()))
		w.write("srv/git/.ssh/authorized_keys", f.Admin.Public+"\n"+f.Builder.Public+"\n", 0o600, gitUID)
	}
	return errors.Join(w.err, root.Close())
}

func (f furniture) identity(w *rootWriter, h *Host) {
	id := make([]byte, 16)
	rand.Read(id)
	w.write("etc/machine-id", hex.EncodeToString(id)+"\n", 0o444, 0)
	w.write("etc/hostname", h.Name+"\n", 0o644, 0)
	w.write("etc/hosts", f.hosts, 0o644, 0)
	if sources, ok := f.sources[h.Name]; ok {
		w.write("etc/apt/sources.list", sources, 0o644, 0)
	}
	for kind, pair := range f.Host[h.Name] {
		file := "etc/ssh/ssh_host_" + kind + "_key"
		w.write(file, string(pair.Private), 0o600, 0)
		w.write(file+".pub", pair.Public+"\n", 0o644, 0)
	}
}

func (f furniture) builderKey(w *rootWriter) {
	w.write("home/deploy/.ssh/id_ed25519", string(f.Builder.Private), 0o600, deployUID)
	w.write("home/deploy/.ssh/id_ed25519.pub", f.Builder.Public+"\n", 0o644, deployUID)
	if keys, ok := f.Host["git"]; ok {
		w.write("home/deploy/.ssh/known_hosts", keys.knownHosts(hostAliases("git")), 0o600, deployUID)
	}
}

// hostAliases are the names under which hosts know each other.
func hostAliases(name string) []string {
	if name == "git" {
		return []string{"git", gitHostName}
	}
	return []string{name}
}

func etcHosts(hosts []*Host) string {
	var lines strings.Builder
	lines.WriteString("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
	for _, h := range hosts {
		fmt.Fprintf(&lines, "%s %s\n", h.Addr, strings.Join(hostAliases(h.Name), " "))
	}
	return lines.String()
}

// A rootWriter writes files below a root until something fails.
type rootWriter struct {
	root *os.Root
	err  error
}

func (w *rootWriter) do(err error) { w.err = errors.Join(w.err, err) }

func (w *rootWriter) write(name, content string, mode os.FileMode, owner int) {
	if w.err != nil {
		return
	}
	dir := path.Dir(name)
	if err := w.root.MkdirAll(dir, 0o755); err != nil {
		w.do(err)
		return
	}
	w.do(errors.Join(
		w.root.WriteFile(name, []byte(content), mode),
		w.root.Chmod(name, mode),
		w.root.Chown(name, owner, owner)))
}
