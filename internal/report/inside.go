package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// lookInside returns the commands to look inside a host, one with a problem if
// there is one.
func lookInside(r rollout.Result, p Place) string {
	if p.App == "" || r.Verb == release.Stage || r.Became == rollout.BecamePlan {
		return ""
	}
	hosts := slices.DeleteFunc(slices.Clone(r.Hosts), func(h host.Result) bool { return h.Host == "local" }) // the runner itself, which nobody can log in to
	if len(hosts) == 0 {
		return ""
	}
	worst := slices.MinFunc(hosts, func(a, b host.Result) int { return trouble(a) - trouble(b) })
	commands := pasted("logs", worst.Host, p)
	if worst.After != "" {
		commands += "\n" + pasted("console", worst.Host, p)
	}
	return "Look inside:\n" + strings.TrimRight(fencedAs("sh", commands), "\n")
}

// pasted returns a command that a person can paste into a shell. It breaks a long
// command, which GitHub would cut off.
func pasted(verb, host string, p Place) string {
	words := append([]string{"--app", p.App}, p.Flags[verb]...)
	command := fmt.Sprintf("slipway %s %s", verb, argument(host))
	width := len(command)
	for i := 0; i+1 < len(words); i += 2 {
		flag := words[i] + " " + argument(words[i+1])
		if width += 1 + len(flag); width > maxWidth {
			command, width = command+" \\\n   ", 3+len(flag)
		}
		command += " " + flag
	}
	return command
}

// argument returns a word for a shell. It quotes only what needs it: zsh takes [::1]
// for a pattern.
func argument(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// trouble returns the weight of a host. Hosts that were never reached come
// last: nothing can be seen there.
func trouble(h host.Result) int {
	if h.After == "" && h.Outcome != host.Failed {
		return weight(host.Result{}) + 1
	}
	return weight(h)
}
