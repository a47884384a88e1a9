package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/words"
)

const (
	// variables begins the names of all settings in the environment.
	variables = "SLIPWAY_"
	// labVariables begins the names that belong to this repository's test lab.
	labVariables = variables + "LAB"
)

// ignored names the variables that look like settings and have no effect, one
// line for each reason. It does not name settings of other verbs: people export
// the settings of an application once, for every verb.
func ignored(verb config.Verb, environ []string) []string {
	of := map[string][]string{}
	for _, variable := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, variables) || strings.HasPrefix(name, labVariables) || value == "" {
			continue
		}
		known, never := knownVariables()
		if known[name] {
			continue
		}
		why := never[name]
		if why == "" {
			why = noSetting(name, known)
		}
		of[why] = append(of[why], fmt.Sprintf("%.100s", name))
	}
	var lines []string
	for _, why := range slices.Sorted(maps.Keys(of)) {
		lines = append(lines, strings.Join(of[why], ", ")+": ignored; "+why)
	}
	return append(lines, brokenPromises(verb, environ)...)
}

// knownVariables returns the variables that some verb reads, and those that no
// verb reads, with the reason.
func knownVariables() (known map[string]bool, never map[string]string) {
	known, never = map[string]bool{}, map[string]string{}
	for _, s := range config.Settings {
		for _, name := range envNames(s) {
			switch {
			case s.InRun:
				never[name] = "only the actions have this setting"
			case s.Place > 0:
				never[name] = "the command line takes this as an argument: see 'slipway VERB --help'"
			default:
				known[name] = true
			}
		}
	}
	return known, never
}

// noSetting says that no setting has the name, and which one was probably meant.
func noSetting(name string, known map[string]bool) string {
	var candidates []string
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		candidates = append(candidates, strings.TrimPrefix(candidate, variables))
	}
	nearest := words.Nearest(strings.TrimPrefix(name, variables), candidates)
	if nearest == "" {
		return "no setting has such a name"
	}
	return "no setting has this name. Did you mean " + variables + nearest + "?"
}

// brokenPromises warns that the verb changes something although a variable asks
// for a trial run.
func brokenPromises(verb config.Verb, environ []string) (lines []string) {
	for _, s := range config.Settings {
		if s.Trial && !takes(verb, s.Name) && config.Changes(verb) && slices.Contains(environ, envName(s)+"=true") {
			lines = append(lines, fmt.Sprintf("%s: ignored; %s has no %s, and makes its changes", envName(s), verb, s.Name))
		}
	}
	return lines
}
