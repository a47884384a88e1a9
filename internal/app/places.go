package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/terminal"
)

// parse parses flags and returns the other arguments. If the verb takes such
// arguments, they may come between flags. After "--" there are no flags.
func parse(set *flag.FlagSet, args []string, between bool) (free []string, err error) {
	for {
		if err := set.Parse(args); err != nil {
			return nil, err
		}
		rest := set.Args()
		at := len(args) - len(rest)
		if len(rest) == 0 || !between || at > 0 && args[at-1] == "--" {
			return append(free, rest...), nil
		}
		free, args = append(free, rest[0]), rest[1:]
	}
}

// placesOf returns the settings that the arguments without a flag are for. A limit
// on the command line may stand in for the host.
func placesOf(verb config.Verb, values map[string]*string, free []string) []config.Setting {
	places, limit := config.PlacesOf(verb), values["limit"]
	if limit == nil || *limit == "" || len(free) == len(places) {
		return places
	}
	return slices.DeleteFunc(places, func(s config.Setting) bool { return s.Name == "host" })
}

// placed returns the values of the settings that are arguments without a flag.
func placed(verb config.Verb, places []config.Setting, free []string, stdin io.Reader) (map[string]string, error) {
	given := map[string]string{}
	if len(free) > len(places) {
		more := free[len(places)]
		if len(places) == 0 {
			return nil, fmt.Errorf("%q is no flag: settings are given as --name value", more)
		}
		return nil, fmt.Errorf("%q is one argument too many: slipway %s takes %s. An expression goes in quotes", more, verb, placeNames(places))
	}
	for i, setting := range places {
		if i < len(free) {
			given[setting.Name] = free[i]
		}
		if setting.Type != config.Block || given[setting.Name] != "-" && (i < len(free) || stdin == nil || terminal.Is(stdin)) {
			continue
		}
		text, err := fromStdin(setting, stdin)
		if err != nil {
			return nil, err
		}
		given[setting.Name] = text
	}
	return given, nil
}

// maxStdin bounds how much is read. The settings have lower bounds of their
// own.
const maxStdin = 1 << 20

func fromStdin(s config.Setting, stdin io.Reader) (string, error) {
	if stdin == nil {
		return "", errors.New(s.Name + ": - is stdin, and there is none")
	}
	data, err := io.ReadAll(io.LimitReader(stdin, maxStdin))
	if err != nil {
		return "", fmt.Errorf("%s: stdin cannot be read: %w", s.Name, err)
	}
	return string(data), nil
}

func placeNames(places []config.Setting) string {
	var names []string
	for _, s := range places {
		names = append(names, strings.ToUpper(s.Name))
	}
	return strings.Join(names, " ")
}

// placesHelp returns the first lines of a verb's help, if the verb has
// arguments without a flag.
func placesHelp(verb config.Verb) string {
	places := config.PlacesOf(verb)
	if len(places) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "slipway %s %s [flags]\n", verb, placeNames(places))
	for _, s := range places {
		fmt.Fprintf(&b, "  %s\n    \t%s\n", strings.ToUpper(s.Name), s.Help)
	}
	return b.String()
}
