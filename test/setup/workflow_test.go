package setup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apxr/slipway/test/act"
)

// laterStep shows what a step after the setup gets of it.
const laterStep = `
      - env:
          RESULT: ${{ steps.setup.outputs.result }}
          CHANGED: ${{ steps.setup.outputs.changed }}
          OUTCOMES: ${{ join(fromJSON(steps.setup.outputs.hosts).*.outcome, ' ') }}
        run: echo "a later step sees $RESULT, $CHANGED changes, $OUTCOMES"
`

// workflow runs the workflow of the documentation with this inventory in the
// team's repository, and checks what its log says.
func (w *world) workflow(inventory string, words ...string) {
	w.Helper()
	text, err := act.Shown("docs/setup.md", "setup.yml")
	w.must(err)
	text = strings.NewReplacer("- uses: apxr/slipway/", "- id: setup\n        uses: apxr/slipway/", "apxr/apxr_io", "apxr/shop").Replace(act.WithoutQueue(text))
	repo, slipway, home := filepath.Join(w.dir, "repository"), filepath.Join(w.dir, "checkout"), filepath.Join(w.dir, "act")
	for _, dir := range []string{filepath.Join(repo, ".github/workflows"), filepath.Join(repo, "deploy"), slipway, home} {
		w.must(os.MkdirAll(dir, 0o755))
	}
	w.must(os.WriteFile(filepath.Join(repo, ".github/workflows/setup.yml"), []byte(text+laterStep), 0o644))
	w.must(os.CopyFS(filepath.Join(repo, "deploy/inventory"), os.DirFS(inventory)))
	w.local("sh", "-c", `cd "$1" && git init --quiet && git add -A && git -c user.name=t -c user.email=t@example.com commit --quiet -m all`, "-", repo)
	w.must(act.Checkout(slipway))
	env, err := act.GoEnv()
	w.must(err)
	cmd, err := act.Command(w.Context(), slipway, home, "workflow_dispatch", slices.Concat(env, []string{
		"--input", "check=false", "--secret", "SETUP_KEY", "--secret", "VAULT_PASSWORD=", "--var", "KNOWN_HOSTS",
	})...)
	w.must(err)
	read := func(path string) string {
		data, err := os.ReadFile(path)
		w.must(err)
		return string(data)
	}
	cmd.Dir = repo
	cmd.Env = append(cmd.Env, "SETUP_KEY="+read(w.lab.AdminKeyPath()), "KNOWN_HOSTS="+read(w.lab.KnownHostsPath()))
	w.run(0, cmd, words...)
}
