package setup

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/command"
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
func (s *site) workflow(inventory string, words ...string) {
	s.Helper()
	text, err := act.Shown("docs/setup.md", "setup.yml")
	s.Must(err)
	text = strings.NewReplacer("- uses: apxr/slipway/", "- id: setup\n        uses: apxr/slipway/", "apxr/apxr_io", "apxr/shop").Replace(act.WithoutQueue(text))
	repo, slipway, home := filepath.Join(s.Home, "repository"), filepath.Join(s.Home, "checkout"), filepath.Join(s.Home, "act")
	for _, dir := range []string{filepath.Join(repo, ".github/workflows"), filepath.Join(repo, "deploy"), slipway, home} {
		s.Must(os.MkdirAll(dir, 0o755))
	}
	s.Must(os.WriteFile(filepath.Join(repo, ".github/workflows/setup.yml"), []byte(text+laterStep), 0o644))
	s.Must(os.CopyFS(filepath.Join(repo, "deploy/inventory"), os.DirFS(inventory)))
	s.Tool("sh", "-c", `cd "$1" && git init --quiet && git add -A && git -c user.name=t -c user.email=t@example.com commit --quiet -m all`, "-", repo)
	s.Must(act.Checkout(slipway))
	cmd, err := act.Command(s.Context(), slipway, home, "workflow_dispatch",
		"--input", "check=false", "--secret", "SETUP_KEY", "--secret", "VAULT_PASSWORD=", "--var", "SLIPWAY_KNOWN_HOSTS")
	s.Must(err)
	cmd.Dir = repo
	cmd.Env = append(cmd.Env, "SETUP_KEY="+s.Read(s.lab.AdminKeyPath()), "SLIPWAY_KNOWN_HOSTS="+s.Read(s.lab.KnownHostsPath()))
	r, err := command.Run(cmd)
	s.Must(err)
	s.Logf("act: exit %d\n%s", r.Code, r.Said())
	s.Red(0, r, words...)
	s.noSecret(r)
}
