package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/report"
)

// Action runs a verb as a step of a workflow and returns the exit code.
func Action(verb config.Verb, s System) int { return step(context.Background(), verb, s) }

func step(ctx context.Context, verb config.Verb, s System) int {
	ctx, stop := signalled(ctx)
	defer stop()
	given := gha.New(s.Getenv, s.Stdout)
	own, err := given.Run()
	if err != nil {
		fmt.Fprintln(s.Stderr, "slipway:", err)
		return exitUsage
	}
	set, err := load(ctx, verb, inputs(verb, given, own, s.Getenv), s.Getenv)
	out := newExit(s, set.hiding(given.Input, own.Name, own.Page, own.URL, own.Actor, own.Revision, own.Ref))
	defer out.flush()
	runner := out.runner()
	defer runner.Close()
	cfg, log := set.Config, progress.Hiding(runner, out.secrets)
	told := &announcer{cfg: cfg, step: own, log: log, hide: out.secrets.HideJSON}
	var result report.Result = report.Failure{Verb: string(verb), Ended: report.Ended{Err: err}}
	rest := func() {}
	if err == nil {
		set.tellLeftOut(log)
		told.connect()
		result, rest = run(ctx, set, origin{who: own.Actor, run: own.URL, ref: own.Ref, getenv: s.Getenv, collection: s.Collection, told: told}, log)
	}
	h := hand{runner, log, told.place()}
	code := h.over(hidden(result, log.RedactCut))
	rest()
	if told.tells() {
		code = max(code, h.pulls(told.end(ctx)))
	}
	return code
}

// inputs looks settings up among the action's inputs. For inputs that are not
// given it uses what a workflow run knows about itself.
func inputs(verb config.Verb, runner *gha.Runner, step gha.Run, getenv func(string) string) config.Lookup {
	declared := config.InputsOf(verb)
	return func(name string) string {
		if !slices.ContainsFunc(declared, func(s config.Setting) bool { return s.Name == name }) {
			return "" // this variable was meant for another program
		}
		if name == "verbose" && getenv("RUNNER_DEBUG") == "1" {
			return "2" // the run was repeated with debug logging
		}
		return cmp.Or(runner.Input(name), standIn(name, runner, step, getenv))
	}
}

func standIn(name string, runner *gha.Runner, step gha.Run, getenv func(string) string) string {
	switch name {
	case "repository":
		if runner.Input("git-token") != "" {
			return step.HTTPS
		}
		return step.Repository
	case "revision":
		return step.Revision
	case "ssh-agent":
		return getenv("SSH_AUTH_SOCK")
	}
	return ""
}

// hand passes results to the log, the job summary and the later steps.
type hand struct {
	runner *gha.Runner
	log    *progress.Log
	place  report.Place
}

// over hands over a result. It comes before the comments on GitHub, which may
// fail.
func (h hand) over(out report.Result) int {
	h.log.Say("", "%s", out.Text())
	outputs, err := out.Outputs()
	if err != nil {
		h.log.Warning(err.Error())
	}
	if out.Failed() != nil {
		h.log.Error(out.Problem())
	}
	h.summary(out.Markdown(h.place))
	return max(exitCode(out.Failed()), h.outputs(outputs))
}

// pulls passes on the pull requests that got a comment.
func (h hand) pulls(p report.Pulls) int {
	h.summary(p.Markdown(h.place))
	return h.outputs(map[string]string{"pull-requests": p.JSON()})
}

func (h hand) outputs(outputs map[string]string) int {
	code := exitOK
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if err := h.runner.SetOutput(name, outputs[name]); err != nil {
			h.log.Error(err.Error())
			code = exitFailed
		}
	}
	return code
}

// summary adds to the job summary. It shows no control characters, like the log.
func (h hand) summary(markdown string) {
	if markdown == "" {
		return
	}
	if err := h.runner.AddSummary(h.log.Redact(markdown)); err != nil {
		h.log.Notice(err.Error())
	}
}

func exitCode(err error) int {
	var mistakes config.Mistakes
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &mistakes):
		return exitUsage
	}
	return exitFailed
}
