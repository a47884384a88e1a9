package playbook

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// No secret is in an argument list or a file of this machine at any time, nor in
// what is printed.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	inventory := w.write("inventory/hosts", "[web-servers]\nweb1 ansible_host=127.0.0.1 ansible_port="+w.servers["web1"].port+"\n")
	vault := w.write("inventory/group_vars/all/secret.yml", "slipway_cookie: cookie-in-the-vault\n")
	password := w.write("password", "vault password\n")
	if out, err := exec.Command("ansible-vault", "encrypt", "--vault-password-file", password, vault).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, c := range map[string]struct{ vars, cookie string }{
		"vault": {"slipway_wait: 1\n", "cookie-in-the-vault"},
		"vars":  {"slipway_wait: 1\nslipway_cookie: cookie-of-setup-vars\n", "cookie-of-setup-vars"},
	} {
		key := strings.Split(w.read(w.file("key")), "\n")
		canaries := []string{"vault password", w.phrase, key[1], key[2], "cookie-in-the-vault", "cookie-of-setup-vars"}
		cmd, out := w.program("cli", c.vars, "--inventory", inventory, "--verbose", "2")
		cmd.Env = append(cmd.Env, "SLIPWAY_VAULT_PASSWORD=vault password\n")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		looks := 0
		for over := false; !over; looks++ {
			select {
			case err := <-ended:
				over = true
				if err != nil {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
			case <-time.After(20 * time.Millisecond):
				w.lookFor(cmd, canaries)
			}
		}
		if looks < 20 {
			t.Errorf("only %d looks", looks)
		}
		if got := w.read(w.out + "/web1.secret"); got != c.cookie+"\n" {
			t.Errorf("%s: the secret did not arrive: %q", name, got)
		}
		for _, canary := range canaries {
			if strings.Contains(out.String(), canary) {
				t.Errorf("%s: the output has %q:\n%s", name, canary, out)
			}
		}
		if !strings.Contains(out.String(), "the cookie is ***") {
			t.Errorf("%s: it was not about to be shown:\n%s", name, out)
		}
		w.nothingIsLeft(cmd)
	}
}

// lookFor looks through all argument lists, and all files of the program: what is
// on a disk, and what is in memory for more than the moment in which Ansible sends
// it.
func (w *world) lookFor(cmd *exec.Cmd, canaries []string) {
	w.t.Helper()
	check := func(path string) {
		text, _ := os.ReadFile(path)
		for _, canary := range canaries {
			if bytes.Contains(text, []byte(canary)) {
				w.t.Errorf("%s has %q", path, canary)
			}
		}
	}
	lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lists {
		check(path)
	}
	for _, dir := range append(private(cmd), w.tmp) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm() != 0o700 {
			w.t.Errorf("others may enter %s: %s", dir, info.Mode())
		}
		filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			sending := strings.Contains(path, "/home/tmp/ansible-local-") && strings.HasPrefix(path, "/dev/shm/")
			if err == nil && entry.Type().IsRegular() && !sending {
				check(path)
			}
			return nil
		})
	}
}

// What a runner does to a cancelled step, and a person by Ctrl-C.
func TestACancelledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	for i, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		w := newWorld(t)
		w.start("jump")
		w.start("web1")
		for j, hosts := range [][]string{{"--hosts", w.addr("web1"), "--jump-hosts", w.user + "@" + w.addr("jump")}, {"--hosts", "local"}} {
			// What runs on a server goes on there: this is another one each time.
			wait := fmt.Sprintf("%d.%d%d", 20+os.Getpid()%10, i, j+1)
			cmd, out := w.program("cli", "slipway_wait: \""+wait+"\"\n", hosts...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if !w.waitsFor("sleep " + wait) {
				t.Fatalf("it never came to wait:\n%s", out)
			}
			began := time.Now()
			syscall.Kill(-cmd.Process.Pid, signal)
			cmd.Wait()
			if took := time.Since(began); took > 7*time.Second {
				t.Errorf("%s: %s, the runner does not wait so long", signal, took)
			} else {
				t.Logf("%s %v: %s", signal, hosts[:2], took)
			}
			if got := cmd.ProcessState.ExitCode(); got != 1 {
				t.Errorf("exit code %d", got)
			}
			if !strings.Contains(out.String(), "Setup was cancelled") || !strings.Contains(out.String(), "run the setup again") {
				t.Errorf("%s", out)
			}
			w.nothingIsLeft(cmd)
		}
	}
}

func (w *world) waitsFor(what string) bool {
	for range 600 {
		lists, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range lists {
			text, _ := os.ReadFile(path)
			if strings.Contains(strings.ReplaceAll(string(text), "\x00", " "), what) {
				return true
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// In a workflow, what a server says must not be taken for a command or Markdown,
// and later steps are told what became of it.
func TestAsAnAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("web1")
	collection, _ := filepath.Abs("testdata/collection")
	binary, _ := os.Executable()
	cmd := exec.Command(binary)
	summary, output := w.write("summary", ""), w.write("output", "")
	cmd.Env = []string{
		asProgram + "=action", "SLIPWAY_TEST_COLLECTION=" + collection, "PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.tmp,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=apxr/apxr_io", "GITHUB_RUN_ID=1", "GITHUB_STEP_SUMMARY=" + summary, "GITHUB_OUTPUT=" + output,
		"INPUT_APP=apxr/apxr_io", "INPUT_HOSTS=" + w.addr("web1"), "INPUT_SETUP-USER=" + w.user, "INPUT_SETUP-KEY=" + w.read(w.file("key")), "INPUT_SETUP-PASSPHRASE=" + w.phrase,
		"INPUT_KNOWN-HOSTS=" + strings.Join(w.known, ""), "INPUT_SETUP-VARS=slipway_dir: " + w.out + "\nslipway_fail: bad\nslipway_fail_on: \"{{ inventory_hostname }}\"\n",
		"INPUT_CHECK=false", "INPUT_VERBOSE=0", "INPUT_INVENTORY-GROUP=web-servers",
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it is green")
	}
	if !strings.Contains(string(out), "::stop-commands::") {
		t.Errorf("commands are not stopped:\n%s", out)
	}
	text := w.read(summary)
	for _, want := range []string{"### ❌ Setup of `apxr/apxr_io` failed", "`127.0.0.1:" + w.servers["web1"].port + "`", "```\n::error::bad\n## not a heading\n```"} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
	outputs := w.read(output)
	for _, want := range []string{"failed", `"outcome":"failed"`} {
		if !strings.Contains(outputs, want) {
			t.Errorf("the outputs lack %q:\n%s", want, outputs)
		}
	}
	w.nothingIsLeft(cmd)
}
