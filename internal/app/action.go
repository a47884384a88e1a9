package app

import (
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
func Action(verb config.Verb, s System) int {
	ctx, stop := signalled()
	defer stop()
	runner := gha.New(s.Getenv, s.Stdout)
	defer runner.Close()
	step, err := runner.Run()
	if err != nil {
		fmt.Fprintln(s.Stderr, "slipway:", err)
		return exitUsage
	}
	set, err := load(ctx, verb, inputs(runner, step, s.Getenv), s.Getenv)
	cfg, log := set.Config, progress.New(runner, set.hidden()...)
	told := &announcer{cfg: cfg, step: step, log: log}
	var out outcome
	if err == nil {
		told.connect()
		out, err = run(ctx, set, origin{who: step.Actor, run: step.URL, ref: step.Ref, getenv: s.Getenv, collection: s.Collection, begin: told.begin}, log)
	}
	h := hand{runner, log, told.place()}
	code := h.over(verb, out, err)
	if out.rolled != nil && cfg.GitHub != (config.GitHub{}) {
		code = max(code, h.pulls(told.end(ctx, *out.rolled, err)))
	}
	return code
}

// inputs looks settings up among the action's inputs; what a workflow run knows
// of itself stands in for what was not given.
func inputs(runner *gha.Runner, step gha.Run, getenv func(string) string) config.Lookup {
	return func(name string) string {
		if name == "verbose" && getenv("RUNNER_DEBUG") == "1" {
			return "2" // somebody ran it again with debug logging
		}
		if v := runner.Input(name); v != "" {
			return v
		}
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
}

// hand gives what there is to know to the log, the job summary and the later
// steps.
type hand struct {
	runner *gha.Runner
	log    *progress.Log
	place  report.Place
}

// over hands over the outcome, before anybody else is told: whatever keeps them
// from hearing of it.
func (h hand) over(verb config.Verb, out outcome, err error) int {
	markdown := ""
	outputs := map[string]string{}
	if out.build != nil {
		markdown += report.BuildMarkdown(out.built, *out.build)
	}
	if out.built != nil {
		maps.Copy(outputs, report.BuildOutputs(*out.built))
	}
	if out.rolled != nil {
		markdown += report.Markdown(*out.rolled, err, h.place)
		h.log.Say("", "%s\n%s", report.Headline(*out.rolled, err), report.Text(*out.rolled))
		rolled, outErr := report.Outputs(*out.rolled, err)
		if outErr != nil {
			h.log.Warning(outErr.Error())
		}
		maps.Copy(outputs, rolled)
	}
	if out.prepared != nil {
		markdown += report.SetupMarkdown(*out.prepared, err, h.place)
		h.log.Say("", "%s\n%s", report.SetupHeadline(*out.prepared, err), report.SetupText(*out.prepared))
		prepared, outErr := report.SetupOutputs(*out.prepared, err)
		if outErr != nil {
			h.log.Warning(outErr.Error())
		}
		maps.Copy(outputs, prepared)
	}
	if err != nil {
		if out.rolled == nil && out.prepared == nil {
			markdown += report.FailureMarkdown(string(verb), err)
		}
		h.log.Error(err.Error())
	}
	h.summary(markdown)
	return max(exitCode(err), h.outputs(outputs))
}

// pulls hands over which pull requests were told.
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

// summary adds to the job summary. What remote programs said is in it, so it
// hides the same as the log does.
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
