package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
)

const (
	// announceTimeout bounds how long a finished run waits for GitHub.
	announceTimeout = 5 * time.Minute
	// lastWord bounds that wait in a cancelled run.
	lastWord = 500 * time.Millisecond
)

// announcer tells GitHub about a run: in comments on pull requests, and in
// deployments. A failure of GitHub is only a warning: the state of the servers
// decides whether a run is green or red.
type announcer struct {
	cfg        config.Config
	step       gha.Run
	log        *progress.Log
	hide       func(json string) string // for what GitHub gets
	api        *ghapi.Client            // nil: there is nothing to announce
	deployment int64                    // 0: none is recorded
	heard      *report.Rollout
}

// connect prepares the announcer if there is anything to announce. It sends
// nothing.
func (a *announcer) connect() {
	want := a.cfg.GitHub
	if a.cfg.DryRun || !want.Comment && !want.Deployments {
		return
	}
	if want.Token == "" {
		a.log.Notice("no pull request is commented on: there is no github-token")
		return
	}
	api, err := ghapi.New(a.apiConfig())
	if err != nil {
		a.warn(err)
		return
	}
	a.api = api
}

func (a *announcer) apiConfig() ghapi.Config {
	return ghapi.Config{
		URL: a.step.API, Repository: a.step.Name, Token: a.cfg.GitHub.Token, Hide: a.hide,
		Told: func(line string) { a.log.Say("", "%s", line) },
	}
}

func (a *announcer) warn(err error) {
	var missing *ghapi.Missing
	if errors.As(err, &missing) {
		err = fmt.Errorf("%w, or turn it off: 'comment: false', 'deployments: false'", err)
	}
	a.log.Warning("GitHub was not told all of it: " + a.log.RedactCut(err.Error()))
}

func (a *announcer) place() report.Place {
	p := placeOf(a.cfg)
	p.Repository, p.Run = a.step.Page, a.step.URL
	return p
}

// placeOf returns the place of a run, as far as its settings name it.
func placeOf(cfg config.Config) report.Place {
	p := report.Place{
		Environment: cfg.GitHub.Environment, URL: cfg.GitHub.EnvironmentURL, Rollback: cfg.GitHub.Rollback,
		Flags: map[string][]string{string(config.Logs): lookFlags(config.Logs, cfg), string(config.Console): lookFlags(config.Console, cfg)},
	}
	if cfg.App != (release.App{}) {
		p.App = cfg.App.String()
	}
	return p
}

// begin records that a deploy begins.
func (a *announcer) begin(ctx context.Context, m release.Manifest) {
	if a == nil || a.api == nil || !a.cfg.GitHub.Deployments || !release.ValidRevision(m.Revision) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	a.record(ctx, m.ReleaseID, m.Version, m.Revision)
}

// record makes a deployment that is in progress.
func (a *announcer) record(ctx context.Context, id release.ID, version, revision string) {
	made, err := a.api.CreateDeployment(ctx, ghapi.Deployment{
		App: a.place().App, Environment: a.cfg.GitHub.Environment, Revision: revision, ReleaseID: string(id),
		Description: a.log.RedactCut(fmt.Sprintf("%s %s", version, id)), // it is cut
	})
	if err == nil {
		a.deployment = made
		err = a.api.SetStatus(ctx, made, a.status(ghapi.InProgress, ""))
	}
	if err != nil {
		a.warn(err)
	}
}

func (a *announcer) status(s ghapi.State, description string) ghapi.Status {
	return ghapi.Status{State: s, Description: description, LogURL: a.step.URL, URL: a.cfg.GitHub.EnvironmentURL}
}

// hear keeps the result of a rollout until all locks are released.
func (a *announcer) hear(r report.Rollout) {
	if a != nil {
		a.heard = &r
	}
}

// tells reports whether others hear of the verb, if it went as far as the servers.
// A stage has a token too, but only to ask.
func (a *announcer) tells() bool { return a.heard != nil && a.cfg.GitHub.Environment != "" }

// end announces the result of a rollout. It returns the pull requests that got
// a comment.
func (a *announcer) end(ctx context.Context) report.Pulls {
	if a.api == nil || a.heard.Became == rollout.BecamePlan {
		return report.Pulls{}
	}
	cancelled := ctx.Err() != nil
	limit := announceTimeout
	if cancelled {
		ctx, limit = context.WithoutCancel(ctx), lastWord
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer a.log.Phase("Tell GitHub")()
	if a.cfg.GitHub.Deployments {
		a.conclude(ctx, *a.heard)
	}
	if cancelled || !a.cfg.GitHub.Comment {
		return report.Pulls{}
	}
	return a.comment(ctx, *a.heard)
}

// conclude records how a deployment ended. A run that needs only the hosts is
// recorded at its end: only the hosts know the revision.
func (a *announcer) conclude(ctx context.Context, r report.Rollout) {
	target := rollout.Version{ID: r.Target, Version: r.Version, Revision: r.Revision}
	if r.Verb == release.Revert {
		target = r.Running.Version
	}
	if a.deployment == 0 && r.Verb != release.Deploy && release.ValidRevision(target.Revision) {
		a.record(ctx, target.ID, target.Version, target.Revision)
	}
	if a.deployment == 0 {
		return
	}
	state := stateOf(r)
	tell := a.api.SetStatus(ctx, a.deployment, a.status(state, r.Headline()))
	if tell == nil && state == ghapi.Success {
		d := ghapi.Deployment{App: a.place().App, Environment: a.cfg.GitHub.Environment}
		tell = a.api.Retire(ctx, d, a.deployment, "replaced by "+string(r.Target))
	}
	if tell != nil {
		a.warn(tell)
	}
}

func stateOf(r report.Rollout) ghapi.State {
	switch {
	case r.Err != nil:
		return ghapi.Failure
	case r.Became == rollout.BecameSuperseded:
		return ghapi.Inactive
	}
	return ghapi.Success
}

// comment tells the pull requests whose changes now run, or no longer run.
func (a *announcer) comment(ctx context.Context, r report.Rollout) report.Pulls {
	row, changed := r.Seen(a.place())
	own, isPull := ghapi.PullOf(r.Ref)
	switch {
	case changed:
		return a.commentAll(ctx, r.Running, row)
	case r.Err != nil && isPull && r.Verb == release.Deploy:
		failed := r.Tried(a.place(), time.Now(), cmp.Or(a.step.Actor, "-"))
		return a.write(ctx, report.Pulls{Live: []int{own}}, []ghapi.Comment{a.saying(failed, own, true)})
	}
	return report.Pulls{}
}

func (a *announcer) commentAll(ctx context.Context, now rollout.Running, row report.Row) report.Pulls {
	diff, err := a.api.Between(ctx, revision(now.Before), revision(now.Version))
	if err != nil {
		a.warn(err)
		return report.Pulls{}
	}
	pulls := report.Pulls{Notes: diff.Notes}
	var comments []ghapi.Comment
	for _, p := range diff.Gained {
		pulls.Live = append(pulls.Live, p.Number)
		comments = append(comments, a.saying(row, p.Number, true))
	}
	row = a.heard.Gone(row)
	for _, p := range diff.Lost {
		pulls.Gone = append(pulls.Gone, p.Number)
		comments = append(comments, a.saying(row, p.Number, !p.Open)) // an open one without a comment does not need one now
	}
	return a.write(ctx, pulls, comments)
}

func revision(v rollout.Version) ghapi.Revision {
	if !release.ValidRevision(v.Revision) {
		return ghapi.Revision{Ref: v.Ref}
	}
	return ghapi.Revision{SHA: v.Revision, Ref: v.Ref}
}

// saying returns a comment with a row. The rows of several runners are in order
// only by one clock, which is GitHub's. It is known when the comment is written.
func (a *announcer) saying(row report.Row, pull int, create bool) ghapi.Comment {
	now := sync.OnceValue(func() time.Time { return time.Now().Add(a.api.Ahead()) })
	return ghapi.Comment{Pull: pull, Create: create, Edit: func(bodies []string) string {
		return report.CommentBody(bodies, a.dated(row), a.place(), now())
	}}
}

// dated returns the row with its time by GitHub's clock. The time of a run that
// changed nothing is from the hosts' histories, so not by this machine's clock.
func (a *announcer) dated(row report.Row) report.Row {
	if a.heard.Became != rollout.BecameUnchanged {
		row.At = row.At.Add(a.api.Ahead())
	}
	return row
}

// write sends the comments. It returns the pull requests that got one.
func (a *announcer) write(ctx context.Context, pulls report.Pulls, comments []ghapi.Comment) report.Pulls {
	for _, note := range pulls.Notes {
		a.log.Notice(note)
	}
	if len(comments) == 0 {
		a.log.Say("", "no pull request is concerned")
		return pulls
	}
	said, err := a.api.CommentAll(ctx, report.Marker, comments)
	if err != nil {
		a.warn(err)
	}
	pulls = pulls.Only(said)
	a.log.Say("", "%s", pulls)
	return pulls
}
