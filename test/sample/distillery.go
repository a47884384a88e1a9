package sample

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/apxr/slipway/test/lab"
)

const distillery = "distillery"

// PublishDistillery pushes what stands in for Distillery to the git host, since
// the lab reaches no Hex, and returns its commit for [Distillery].
func PublishDistillery(ctx context.Context, l *lab.Lab, dir string) (commit string, err error) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	commit, err = lab.CommitDir(ctx, filepath.Join(Root(), "test/sample", distillery), dir, distillery+" 2.1.1", at)
	if err != nil {
		return "", err
	}
	return commit, l.PublishRepo(ctx, dir, distillery)
}

// Distillery is an application whose release "mix distillery.release" makes. It
// pins a commit of l's repository distillery.
func Distillery(l *lab.Lab, app, commit string) map[string]string {
	url := l.GitURL(distillery)
	files := project(app, fmt.Sprintf("deps: [\n        {:distillery, git: %q, branch: \"main\", runtime: false}\n      ]", url))
	files["mix.lock"] = fmt.Sprintf("%%{\n  \"distillery\": {:git, %q, %q, [branch: \"main\"]},\n}\n", url, commit)
	files["rel/config.exs"] = `# Import all plugins from ` + "`rel/plugins`" + `
~w(rel plugins *.exs)
|> Path.join()
|> Path.wildcard()
|> Enum.map(&Code.eval_file(&1))

use Distillery.Releases.Config,
  # This sets the default release built by ` + "`mix distillery.release`" + `
  default_release: :default,
  # This sets the default environment used by ` + "`mix distillery.release`" + `
  default_environment: Mix.env()

environment :dev do
  set dev_mode: true
  set include_erts: false
  set cookie: :"a cookie for development"
end

environment :prod do
  set include_erts: true
  set include_src: false
  set cookie: :"a cookie for production"
end

release :` + app + ` do
  set version: current_version(:` + app + `)
  set applications: [
    :runtime_tools
  ]
end
`
	return files
}
