package playbook

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// No secret is in an argument list or a file of this machine at any time, nor in
// what is printed: neither the key's nor the vault's, and of a variable that has
// a value in the vault and another one in setup-vars, neither of the two. Of the
// inventory, the servers of the group are set up and no others.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("db1")
	inventory := s.vaultedInventory()
	key := strings.Split(s.Read(s.file("key")), "\n")
	canaries := []string{"vault password", s.phrase, key[1], key[2], "cookie-in-the-vault", "cookie-of-setup-vars"}
	cmd, out := s.program("slipway_wait: 1\nslipway_cookie: cookie-of-setup-vars\n", "--inventory", inventory, "--verbose", "2")
	cmd.Env = append(cmd.Env, "SLIPWAY_VAULT_PASSWORD=vault password\n")
	looks, err := s.watch(cmd, canaries)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if looks < 20 {
		t.Errorf("only %d looks", looks)
	}
	for _, canary := range canaries {
		if strings.Contains(out.String(), canary) {
			t.Errorf("the output has %q:\n%s", canary, out)
		}
	}
	s.Says(out.String(), "the cookie is ***", "web1    changed") // it was about to be shown
	s.has(map[string]string{
		s.out + "/web1.secret": "cookie-of-setup-vars\n",
		s.out + "/web1":        "app apxr/apxr_io\nuser release\ngroups web-servers\ncolor green\n",
	})
	if strings.Contains(s.servers["db1"].log.String(), "Accepted") {
		t.Error("a server of another group was visited")
	}
	s.nothingIsLeft(cmd)
}

// vaultedInventory writes an inventory with a group that is not meant, variables,
// and a vault.
func (s *site) vaultedInventory() string {
	s.Helper()
	inventory := s.write("inventory/hosts", "[web-servers]\nweb1 ansible_host=127.0.0.1 ansible_port="+s.servers["web1"].port+
		"\n[databases]\ndb1 ansible_host=127.0.0.1 ansible_port="+s.servers["db1"].port+"\n")
	s.write("inventory/group_vars/all/all.yml", "slipway_color: green\nslipway_app: other\n")
	s.write("inventory/group_vars/web-servers/vars.yml", "slipway_deploy_user: release\n")
	vault := s.write("inventory/group_vars/all/secret.yml", "slipway_cookie: cookie-in-the-vault\n")
	s.Tool("ansible-vault", "encrypt", "--vault-password-file", s.write("password", "vault password\n"), vault)
	return inventory
}

// watch runs a program, and looks for secrets for as long as it runs.
func (s *site) watch(cmd *exec.Cmd, canaries []string) (looks int, err error) {
	s.Helper()
	s.Must(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	seen := map[string]string{}
	for {
		select {
		case err := <-ended:
			return looks, err
		case <-time.After(20 * time.Millisecond):
			s.lookFor(cmd, canaries, seen)
			looks++
		}
	}
}

// lookFor looks through the argument lists of what was started after the
// program, and all files of the program: what is on a disk, and what is in memory
// for more than the moment in which Ansible sends it. What is as it was when it
// was seen before is left out.
func (s *site) lookFor(cmd *exec.Cmd, canaries []string, seen map[string]string) {
	s.Helper()
	check := func(path string) {
		text, _ := os.ReadFile(path)
		for _, canary := range canaries {
			if bytes.Contains(text, []byte(canary)) {
				s.Errorf("%s has %q", path, canary)
			}
		}
	}
	for _, pid := range s.since(cmd) {
		check("/proc/" + pid + "/cmdline")
	}
	for _, dir := range append(private(cmd), s.tmp) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm() != 0o700 {
			s.Errorf("others may enter %s: %s", dir, info.Mode())
		}
		filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			sending := strings.Contains(path, "/home/tmp/ansible-local-") && strings.HasPrefix(path, "/dev/shm/")
			if err == nil && entry.Type().IsRegular() && !sending && isNew(path, entry, seen) {
				check(path)
			}
			return nil
		})
	}
}

// since are the processes of this machine that are not older than the program.
func (s *site) since(cmd *exec.Cmd) (pids []string) {
	s.Helper()
	proc, err := os.Open("/proc")
	s.Must(err)
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	s.Must(err)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid >= cmd.Process.Pid {
			pids = append(pids, name)
		}
	}
	return pids
}

// isNew says whether a file has changed since it was seen.
func isNew(path string, entry fs.DirEntry, seen map[string]string) bool {
	info, err := entry.Info()
	if err != nil {
		return false // it is gone
	}
	state := fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	before := seen[path]
	seen[path] = state
	return state != before
}
