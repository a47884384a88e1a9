package playbook

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// In a workflow, what a server says must not be taken for a command or Markdown,
// and later steps are told what became of it. One that fails ends the run of all.
func TestAsAnAction(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start("web1")
	s.start("web2")
	summary, output := s.write("summary", ""), s.write("output", "")
	cmd := s.action("INPUT_HOSTS="+s.addr("web1")+" "+s.addr("web2"), "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output,
		"INPUT_SETUP-VARS=slipway_dir: "+s.out+"\nslipway_fail: bad\nslipway_fail_on: 127.0.0.1-"+s.servers["web2"].port+"\n")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it is green")
	}
	s.Says(string(out), "::stop-commands::", s.addr("web2")+"  failed", s.addr("web1")+"  not finished")
	s.Says(s.Read(summary), "### ❌ Setup of `apxr/apxr_io` failed", "`"+s.addr("web2")+"`", "```\n::error::bad\n## not a heading\n```")
	s.Says(s.Read(output), "failed", `"outcome":"failed"`)
	if entries, err := os.ReadDir(s.out); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	s.nothingIsLeft(cmd)
}

// action is the action for this world's key and servers, and nothing else of this
// process's environment.
func (s *site) action(env ...string) *exec.Cmd {
	s.Helper()
	collection, err := filepath.Abs("testdata/collection")
	s.Must(err)
	binary, err := os.Executable()
	s.Must(err)
	cmd := exec.Command(binary)
	cmd.Env = append(env,
		asProgram+"=action", "SLIPWAY_TEST_COLLECTION="+collection, "PATH="+os.Getenv("PATH"), "HOME="+s.dir, "TMPDIR="+s.tmp,
		"GITHUB_SERVER_URL=https://github.com", "GITHUB_REPOSITORY=apxr/apxr_io", "GITHUB_RUN_ID=1",
		"INPUT_APP=apxr/apxr_io", "INPUT_SETUP-USER="+s.user, "INPUT_SETUP-KEY="+s.Read(s.file("key")), "INPUT_SETUP-PASSPHRASE="+s.phrase,
		"INPUT_KNOWN-HOSTS="+strings.Join(s.known, ""), "INPUT_CHECK=false", "INPUT_VERBOSE=0", "INPUT_INVENTORY-GROUP=web-servers",
	)
	return cmd
}
