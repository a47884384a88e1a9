//go:build full

package act

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// caller uses both reusable workflows, with inputs of which each is a mistake: the
// programs end before they talk to a server.
const caller = `on: push
jobs:
  deploy:
    uses: apxr/slipway/.github/workflows/deploy.yml@v1
    with: {app: apxr/shop, inventory: deploy/hosts, limit: webb1, settle: sooner, keep-releases: "1", release-id: 20240101T000000, release-digest: none, build-host: b1}
    secrets: inherit
  build:
    uses: apxr/slipway/.github/workflows/deploy.yml@v1
    with: {app: apxr/shop, inventory: deploy/hosts, mix-env: -prod, keep-artifacts: "0"}
    secrets: inherit
  rollback:
    uses: apxr/slipway/.github/workflows/rollback.yml@v1
    with: {app: apxr/shop, inventory: deploy/hosts, limit: "!web9", deploy-to: opt, health-timeout: never}
    secrets: inherit
`

// mistakes are what the programs say of them, in the order of the jobs.
var mistakes = map[string][]string{
	"deploy/deploy/deploy":       {`limit: there is no host or group "webb1". Did you mean web1?`, `settle: "sooner" is not`, `keep-releases: "1" is not`},
	"build/deploy/build":         {`mix-env: "-prod" is not`, `keep-artifacts: "0" is not`},
	"rollback/rollback/rollback": {`limit: there is no host or group "web9". Did you mean web1?`, `deploy-to: "opt" is not`, `health-timeout: "never" is not`, `max-parallel: "many" is`},
}

// An inventory needs no vault password, and a variable of the repository stands in
// for an input.
func TestInputsOfReusableWorkflowsReachThePrograms(t *testing.T) {
	if _, err := exec.LookPath("ansible-inventory"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("needs ansible-core: apt-get install ansible-core")
	}
	slipway, dir := t.TempDir(), t.TempDir()
	if err := Checkout(slipway); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		".github/workflows/caller.yml": caller, "deploy/hosts": "[web-servers]\nweb1\n[build-servers]\nb1\n",
		"deploy/group_vars/all/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n3632\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("sh", "-ec", `cd "$0"; git init -q -b main; git add .; git -c user.name=a -c user.email=a@b commit -qm push`, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd, err := Command(t.Context(), slipway, t.TempDir(), "push", "--env", "GITHUB_REPOSITORY=apxr/shop", "--var", "SLIPWAY_MAX_PARALLEL=many")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it is green")
	}
	for job, says := range mistakes {
		line := regexp.MustCompile(`(?m)^\[` + job + `\s*\].*$`)
		log := strings.Join(line.FindAllString(string(out), -1), "\n")
		for _, want := range says {
			if !strings.Contains(log, want) {
				t.Errorf("%s does not say %s", job, want)
			}
		}
		if strings.Contains(log, "vault-password") {
			t.Errorf("%s asks for a password", job)
		}
	}
	if t.Failed() {
		t.Logf("%.20000s", out)
	}
}
