package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/release"
)

// tipTimeout bounds each question for the tip of a branch.
const tipTimeout = 30 * time.Second

// asking is an artifact that asks the repository whether its revision is the tip
// of its branch.
type asking struct {
	build.Artifact
	ways []wayToAsk
}

// wayToAsk asks for the commit that the branch of the release leads to now, or ""
// if there is no such branch.
type wayToAsk func(context.Context, release.Manifest) (commit string, err error)

// IsTip reports whether the release's revision is the tip of its branch now. The
// first answer counts.
func (a asking) IsTip(ctx context.Context) (bool, error) {
	m := a.Manifest()
	if m.Branch() == "" || m.Revision == "" {
		return false, nil
	}
	var problems []string
	for _, ask := range a.ways {
		tip, err := within(ctx, m, ask)
		if err == nil {
			return tip == m.Revision, nil
		}
		problems = append(problems, err.Error())
	}
	return false, errors.New(strings.Join(problems, "; "))
}

func within(ctx context.Context, m release.Manifest, ask wayToAsk) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tipTimeout)
	defer cancel()
	return ask(ctx, m)
}

// asking returns an artifact that asks GitHub first, if the release is from the
// workflow's own repository, then git on the build server.
func (j job) asking(host buildServer, a build.Artifact) asking {
	with := asking{Artifact: a}
	if j.told != nil && j.told.cfg.GitHub.Token != "" && j.told.isOwn(a.Manifest().Repository) {
		with.ways = append(with.ways, j.told.tip)
	}
	with.ways = append(with.ways, func(ctx context.Context, _ release.Manifest) (string, error) { return j.gitTip(ctx, host, a) })
	return with
}

// gitTip asks from the build server, with the credentials of the settings. A
// deploy without a build has none: then git uses those of the build server's user.
func (j job) gitTip(ctx context.Context, host buildServer, a build.Artifact) (string, error) {
	keys, err := openKeys(j.Build, j.getenv)
	if err != nil {
		return "", err
	}
	defer keys.Close()
	return a.Tip(ctx, host.lend(keys.agent), gitAccess(j.Build, keys))
}

// isOwn reports whether a git URL is that of the workflow's repository.
func (a *announcer) isOwn(repository string) bool {
	return strings.EqualFold(config.RepositoryKey(repository), config.RepositoryKey(a.step.HTTPS))
}

// tip asks GitHub's API.
func (a *announcer) tip(ctx context.Context, m release.Manifest) (string, error) {
	api, err := ghapi.New(a.apiConfig())
	if err != nil {
		return "", err
	}
	return api.Tip(ctx, m.Branch())
}
