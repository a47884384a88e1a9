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
	cfg, err := config.Load(verb, inputs(runner, step, s.Getenv))
	log := progress.New(runner, cfg.Secrets()...)
	var out outcome
	if err == nil {
		out, err = run(ctx, cfg, origin{who: step.Actor, run: step.URL, ref: step.Ref, getenv: s.Getenv}, log)
	}
	return hand(runner, log, verb, out, err)
}

// inputs looks settings up among the action's inputs; what a workflow run knows
// of itself stands in for what was not given.
func inputs(runner *gha.Runner, step gha.Run, getenv func(string) string) config.Lookup {
	return func(name string) string {
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

// hand gives the outcome to the log, the job summary and the later steps.
func hand(runner *gha.Runner, log *progress.Log, verb config.Verb, out outcome, err error) int {
	markdown := ""
	outputs := map[string]string{}
	if out.build != nil {
		markdown += report.BuildMarkdown(out.built, *out.build)
	}
	if out.built != nil {
		maps.Copy(outputs, report.BuildOutputs(*out.built))
	}
	if out.rolled != nil {
		markdown += report.Markdown(*out.rolled, err)
		log.Say("", "%s\n%s", report.Headline(*out.rolled, err), report.Text(*out.rolled))
	}
	if out.rolled != nil && err == nil {
		maps.Copy(outputs, report.Outputs(*out.rolled)) // they say what is so, not what was tried
	}
	if err != nil {
		if out.rolled == nil {
			markdown += report.FailureMarkdown(string(verb), err)
		}
		log.Error(err.Error())
	}
	code := exitCode(err)
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if outErr := runner.SetOutput(name, outputs[name]); outErr != nil {
			log.Error(outErr.Error())
			code = max(code, exitFailed)
		}
	}
	if sumErr := runner.AddSummary(markdown); sumErr != nil {
		log.Notice(sumErr.Error())
	}
	return code
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
