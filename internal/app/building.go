package app

import (
	"context"
	"io"

	"golang.org/x/crypto/ssh/agent"

	"github.com/apxr/slipway/internal/build"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/remote"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/script"
)

func buildRelease(ctx context.Context, j job) report.Result { return j.build(ctx) }

// build makes a release and measures how long that took.
func (j job) build(ctx context.Context) report.Build {
	b := report.Build{Verb: string(j.Verb)}
	keys, err := openKeys(j.Build, j.getenv)
	if err != nil {
		b.Err = config.Mistakes{err.Error()}
		return b
	}
	defer keys.Close()
	host, err := j.servers.buildServer(ctx, j.BuildHost)
	if err != nil {
		b.Err = err
		return b
	}
	defer host.Close()
	result, err := build.Run(ctx, host, host.lend(keys.agent), buildPlan(j.Config, keys, j.origin), j.log)
	b.Err = err
	fill(&b, result)
	j.log.Say("", "%s", b.Steps())
	return b
}

func fill(b *report.Build, result build.Result) {
	b.Kept = string(result.Kept)
	for _, p := range result.Phases {
		b.Phases = append(b.Phases, report.Phase{Name: p.Name, Took: p.Took})
	}
	if b.Err == nil {
		b.Made, b.Digest = &result.Manifest, result.Digest
	}
}

func buildPlan(cfg config.Config, keys keys, from origin) build.Plan {
	b := cfg.Build
	plan := build.Plan{
		App: cfg.App, Repository: b.Repository, Revision: b.Revision,
		Access: gitAccess(b, keys),
		Dir:    b.ProjectDir, MixEnv: b.MixEnv, Release: b.Release, BeforeRelease: b.BeforeRelease, Clean: b.Clean, Incremental: b.Incremental,
		KeepArtifacts: b.KeepArtifacts, KeepFor: b.KeepFor, WaitForLock: cfg.WaitForLock,
		Ref: from.ref, Who: from.who, Run: from.run,
	}
	for _, v := range b.Env {
		plan.Env = append(plan.Env, script.Variable(v))
	}
	return plan
}

// gitAccess returns how git reaches repositories.
func gitAccess(b config.Build, keys keys) script.Access {
	return script.Access{
		Token: b.GitToken, TokenHost: config.GitServer(b.Repository),
		Identities: keys.identities, ForwardAgent: b.ForwardAgent, KnownHosts: b.GitKnownHosts,
	}
}

// keys holds the keys that git on the build server may use during a fetch.
type keys struct {
	agent      agent.Agent // nil: no keys
	identities []script.Identity
	io.Closer
}

func openKeys(b config.Build, getenv func(string) string) (keys, error) {
	if b.ForwardAgent {
		own, closer, err := remote.OpenAgent(getenv("SSH_AUTH_SOCK"))
		return keys{agent: own, Closer: closer}, err
	}
	var given []remote.DeployKey
	for _, key := range b.DeployKeys {
		given = append(given, remote.DeployKey(key))
	}
	keyring, identities, err := remote.NewKeyring(given)
	k := keys{agent: keyring, Closer: io.NopCloser(nil)}
	for _, id := range identities {
		k.identities = append(k.identities, script.Identity{Repository: config.RepositoryKey(id.Repository), PublicKey: id.PublicKey})
	}
	return k, err
}
