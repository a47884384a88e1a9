package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// lookInside returns the command to look inside a host, one with a problem if
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
	command := func(verb string) string {
		// No setting can contain the characters that end the code span.
		words := fmt.Sprintf("slipway %s %s --app %s%s", verb, worst.Host, p.App, p.Flags)
		return "`" + strings.Map(shown, words) + "`"
	}
	line := "Look inside: " + command("logs")
	if worst.After != "" {
		line += ", " + command("console")
	}
	return line
}

// trouble returns the weight of a host. Hosts that were never reached come
// last: nothing can be seen there.
func trouble(h host.Result) int {
	if h.After == "" && h.Outcome != host.Failed {
		return weight(host.Result{}) + 1
	}
	return weight(h)
}
