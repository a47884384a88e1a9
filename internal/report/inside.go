package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
)

// lookInside says what a person types to look inside of a host: of one that has
// trouble, if there is one.
func lookInside(r rollout.Result, p Place) string {
	if p.App == "" || r.Verb == release.Stage || r.Became == rollout.BecamePlan {
		return ""
	}
	hosts := slices.DeleteFunc(slices.Clone(r.Hosts), func(h host.Result) bool { return h.Host == "local" }) // nobody's machine but the runner's
	if len(hosts) == 0 {
		return ""
	}
	worst := slices.MinFunc(hosts, func(a, b host.Result) int { return trouble(a) - trouble(b) })
	command := func(verb string) string {
		// What could end the code span is in no setting.
		words := fmt.Sprintf("slipway %s %s --app %s%s", verb, worst.Host, p.App, p.Flags)
		return "`" + strings.Map(shown, words) + "`"
	}
	line := "Look inside: " + command("logs")
	if worst.After != "" {
		line += ", " + command("console")
	}
	return line
}

// trouble is as weight, but a host that was not even met has nothing to be seen.
func trouble(h host.Result) int {
	if h.After == "" && h.Outcome != host.Failed {
		return weight(host.Result{}) + 1
	}
	return weight(h)
}
