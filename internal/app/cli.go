package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/report"
)

// CLI runs the command line "slipway VERB [flags]" and returns the exit code.
func CLI(s System) int { return commandLine(context.Background(), s) }

func commandLine(ctx context.Context, s System) int {
	if len(s.Args) == 0 || slices.Contains([]string{"help", "--help", "-h"}, s.Args[0]) {
		usage(s.Stdout)
		return exitOK
	}
	verb, ok := config.VerbNamed(s.Args[0])
	if !ok {
		fmt.Fprintf(s.Stderr, "slipway: %q is not a verb of slipway\n\n", s.Args[0])
		usage(s.Stderr)
		return exitUsage
	}
	return runVerb(ctx, verb, s)
}

func runVerb(ctx context.Context, verb config.Verb, s System) int {
	running, hurry, stop := interruptible(ctx, s.Getenv)
	defer stop()
	set, err := given(running, verb, s)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	out := newExit(s, set.hiding(exported(s.Getenv)))
	defer out.flush()
	log := progress.Hiding(progress.Terminal{W: out.Stderr}, out.secrets)
	for _, line := range ignored(verb, s.Environ) {
		log.Notice(line)
	}
	if err != nil {
		fmt.Fprintf(out.Stderr, "slipway: %s\n\"slipway %s --help\" lists the settings: flags, or variables of the environment.\n", log.RedactCut(err.Error()), verb)
		return exitUsage
	}
	set.tellLeftOut(log)
	if verbs[verb].look != "" {
		stop() // the command on the host gets the signals
		return lookInside(ctx, out, set.Config)
	}
	defer announceInterrupts(running, hurry, verb, log)()
	result, rest := run(running, set, origin{who: person(s.Getenv), getenv: s.Getenv, collection: s.Collection}, log)
	defer rest()
	return tell(out, log, hidden(result, log.RedactCut), set.JSON)
}

// given reads all settings of a verb from arguments, environment and files.
func given(ctx context.Context, verb config.Verb, s System) (settings, error) {
	look, unreadable, err := flags(verb, s)
	if err != nil {
		return settings{}, err
	}
	set, err := load(ctx, verb, look, s.Getenv)
	var wrong config.Mistakes
	if errors.As(err, &wrong); len(unreadable)+len(wrong) == 0 {
		return set, err
	}
	return set, unreadable.And(wrong)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "slipway builds Elixir releases and puts them on servers, and back again.\n\n")
	for _, v := range config.Verbs {
		fmt.Fprintf(w, "  slipway %-18s%s\n", v.Verb, v.Help)
	}
	fmt.Fprint(w, "\n\"slipway VERB --help\" lists the settings of a verb.\n")
}

// person returns the name under which a change is recorded.
func person(getenv func(string) string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return cmp.Or(getenv("USER"), getenv("LOGNAME"), "somebody") + "@" + host
}

// tell prints a result for a person or a script and returns the exit code. Only
// the result goes to stdout.
func tell(out *exit, log *progress.Log, result report.Result, asJSON bool) int {
	var err error
	if asJSON {
		var text string
		text, err = result.JSON()
		out.json(text)
		if result.Failed() != nil {
			fmt.Fprint(out.Stderr, log.Redact(result.Text())) // the last line has only the short reason
		}
	} else {
		fmt.Fprint(out.Stdout, log.Redact(result.Text()))
	}
	if problem := result.Problem(); problem != "" {
		log.Error(problem)
	}
	if err != nil {
		log.Error(err.Error())
	}
	return exitCode(errors.Join(result.Failed(), err))
}
