package app

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/report"
)

// CLI runs the command line "slipway VERB [flags]" and returns the exit code.
func CLI(s System) int {
	if len(s.Args) == 0 || s.Args[0] == "help" || s.Args[0] == "--help" || s.Args[0] == "-h" {
		usage(s.Stdout)
		return exitOK
	}
	verb, ok := config.VerbNamed(s.Args[0])
	if !ok {
		fmt.Fprintf(s.Stderr, "slipway: %q is not a verb of slipway\n\n", s.Args[0])
		usage(s.Stderr)
		return exitUsage
	}
	ctx, stop := signalled()
	defer stop()
	look, err := flags(verb, s)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	var set settings
	if err == nil {
		set, err = load(ctx, verb, look, s.Getenv)
	}
	if err != nil {
		fmt.Fprintf(s.Stderr, "slipway: %v\n\"slipway %s --help\" lists the settings: flags, or variables of the environment.\n", err, verb)
		return exitUsage
	}
	if verbs[verb].look != "" {
		stop() // what is looked at gets the signals
		return lookInside(s, set.Config)
	}
	log := progress.New(progress.Terminal{W: s.Stderr}, set.hidden()...)
	out := run(ctx, set, origin{who: person(s.Getenv), getenv: s.Getenv, collection: s.Collection}, log)
	return tell(s, log, out, set.JSON)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "slipway builds Elixir releases and puts them on servers, and back again.\n\n")
	for _, v := range config.Verbs {
		fmt.Fprintf(w, "  slipway %-18s%s\n", v.Verb, v.Help)
	}
	fmt.Fprint(w, "\n\"slipway VERB --help\" lists the settings of a verb.\n")
}

// flags parses a verb's flags. A setting that has none given is looked up in
// the environment, as SLIPWAY_ and its name; a secret has no flag for its value,
// since arguments can be read by everybody on the machine. What stands without a
// name may come before or after the flags.
func flags(verb config.Verb, s System) (config.Lookup, error) {
	set := flag.NewFlagSet("slipway "+string(verb), flag.ContinueOnError)
	set.SetOutput(io.Discard) // the error is returned, and help goes to stdout
	values := map[string]*string{}
	for _, setting := range config.FlagsOf(verb) {
		values[setting.Name] = declare(set, setting)
	}
	free, err := parse(set, s.Args[1:], len(config.PlacesOf(verb)) > 0)
	if errors.Is(err, flag.ErrHelp) {
		set.SetOutput(s.Stdout)
		fmt.Fprint(s.Stdout, placesHelp(verb))
		set.Usage()
	}
	if err != nil {
		return nil, err
	}
	given, err := placed(verb, free, s.Stdin)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, setting := range config.FlagsOf(verb) {
		value, err := read(setting, *values[setting.Name], s.Getenv)
		given[setting.Name] = value
		errs = append(errs, err)
	}
	return func(name string) string { return given[name] }, errors.Join(errs...)
}

// declare adds a flag; that of a switch may stand without a value.
func declare(set *flag.FlagSet, s config.Setting) *string {
	if s.Type != config.Switch {
		return set.String(flagName(s), "", help(s))
	}
	value := new(string)
	set.BoolFunc(flagName(s), help(s), func(given string) error {
		*value = given
		return nil
	})
	return value
}

func inFile(s config.Setting) bool { return s.Type == config.Secret || s.Type == config.Block }

func flagName(s config.Setting) string {
	if inFile(s) {
		return bare(s) + "-file"
	}
	return s.Name
}

func envName(s config.Setting) string {
	return "SLIPWAY_" + strings.ToUpper(strings.ReplaceAll(bare(s), "-", "_"))
}

// bare is the name without the "file" that the command line adds: env-file is
// --env-file here too.
func bare(s config.Setting) string {
	if inFile(s) {
		return strings.TrimSuffix(s.Name, "-file")
	}
	return s.Name
}

func help(s config.Setting) string {
	if inFile(s) {
		return fmt.Sprintf("A file with: %s [$%s, or the file in $%s_FILE]", s.Help, envName(s), envName(s))
	}
	text := s.Help
	if s.Default != "" {
		text += " (default " + s.Default + ")"
	}
	return text + " [$" + envName(s) + "]"
}

// read finds what was given for a setting: a flag, the environment, and what
// ssh uses: its agent and its known_hosts.
func read(s config.Setting, flagged string, getenv func(string) string) (string, error) {
	value := getenv(envName(s))
	if s.Name == "ssh-agent" {
		value = cmp.Or(value, getenv("SSH_AUTH_SOCK"))
	}
	if !inFile(s) {
		return cmp.Or(flagged, value), nil
	}
	if flagged == "" && value != "" {
		return value, nil
	}
	if name := cmp.Or(flagged, getenv(envName(s)+"_FILE")); name != "" {
		data, err := os.ReadFile(name)
		return string(data), err
	}
	if s.Name != "known-hosts" {
		return "", nil
	}
	data, err := os.ReadFile(filepath.Join(getenv("HOME"), ".ssh", "known_hosts"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // the settings' own check says what is missing
	}
	return string(data), err
}

// person is who a change is put down to.
func person(getenv func(string) string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return cmp.Or(getenv("USER"), getenv("LOGNAME"), "somebody") + "@" + host
}

// tell prints what a person or a script wants of a result, and returns the exit
// code: the result goes to stdout, everything else has gone to stderr.
func tell(s System, log *progress.Log, out report.Result, asJSON bool) int {
	text, err := out.Text(), error(nil)
	if asJSON {
		text, err = out.JSON()
	}
	fmt.Fprint(s.Stdout, text)
	if problem := out.Problem(); problem != "" {
		log.Error(problem)
	}
	if err != nil {
		log.Error(err.Error())
	}
	return exitCode(errors.Join(out.Failed(), err))
}
