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
)

// flags parses a verb's flags. For a setting without a flag it reads the
// environment variable SLIPWAY_ and the setting's name. A secret has no flag
// for its value, since everybody on the machine can read arguments. Arguments
// without a flag may come before or after the flags.
//
// A file that cannot be read is a mistake like any other.
func flags(verb config.Verb, s System) (look config.Lookup, unreadable config.Mistakes, err error) {
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
		return nil, nil, err
	}
	given, err := placed(verb, placesOf(verb, values, free), free, s.Stdin)
	if err != nil {
		return nil, nil, err
	}
	for name, flagged := range values {
		given[name] = *flagged
	}
	unreadable = readAll(verb, given, s.Getenv)
	return func(name string) string { return given[name] }, unreadable, nil
}

// readAll adds the values from the environment and from files, and replaces the
// names of files by their contents.
func readAll(verb config.Verb, given map[string]string, getenv func(string) string) (unreadable config.Mistakes) {
	for _, s := range config.FlagsOf(verb) {
		value, err := read(s, given[s.Name], getenv)
		given[s.Name] = value
		if err != nil {
			unreadable = append(unreadable, fmt.Sprintf("%s: %v; --%s and %s_FILE name a file", s.Name, err, flagName(s), envName(s)))
		}
	}
	return unreadable
}

// declare adds a flag. The flag of a switch needs no value.
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
	return variables + strings.ToUpper(strings.ReplaceAll(bare(s), "-", "_"))
}

// envNames returns the setting's variables: one has the value, the other the
// name of a file with the value.
func envNames(s config.Setting) []string {
	if inFile(s) {
		return []string{envName(s), envName(s) + "_FILE"}
	}
	return []string{envName(s)}
}

// bare returns the name without the "file" that the command line appends: the
// setting env-file also has the flag --env-file.
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

// exported looks settings up in the environment alone. It finds what was meant for
// other verbs too. A file that cannot be read counts as nothing: the verb does not
// use it.
func exported(getenv func(string) string) config.Lookup {
	return func(name string) string {
		for _, s := range config.Settings {
			if s.Name != name || s.InRun || s.Place > 0 {
				continue
			}
			if text, err := read(s, "", getenv); err == nil {
				return text
			}
		}
		return ""
	}
}

// read returns the value of a setting: from its flag, from the environment, or
// from what ssh uses, its agent and its known_hosts.
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
		return "", nil // the check of the settings reports what is missing
	}
	return string(data), err
}
