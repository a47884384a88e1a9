package report

import (
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/words"
)

// Problem returns the last line of a rollout that failed: what failed, on which
// host and why. [Rollout.Text] has the rest.
func (r Rollout) Problem() string {
	if r.Err == nil {
		return ""
	}
	return r.Headline() + others(problems(r.Hosts))
}

// others counts the hosts' problems that are not in the last line.
func others(all []said) string {
	more := 0
	for i, p := range all {
		if i > 0 && !p.follows {
			more++
		}
	}
	if more == 0 {
		return ""
	}
	return fmt.Sprintf(" (the log has %s)", words.Count(more, "more problem"))
}

// firstLine returns the first line of a text. A line that ends in a colon
// introduces the next one, which then belongs to it.
func firstLine(text string) string {
	whole := ""
	for line := range strings.Lines(text) {
		whole = strings.TrimSpace(whole + " " + strings.TrimSpace(line))
		if whole != "" && !strings.HasSuffix(whole, ":") {
			return whole
		}
	}
	if whole = strings.TrimRight(whole, ": "); whole == "" {
		return "no reason was given"
	}
	return whole
}

// beyond returns the part of the rollout's error that no host's problem
// contains.
func beyond(r Rollout) string {
	if r.Err == nil || r.Reason != "" {
		return r.Reason
	}
	said := map[string]bool{}
	for _, h := range r.Hosts {
		for line := range strings.Lines(h.Host + ": " + h.Problem) {
			said[strings.TrimRight(line, "\n")] = true
		}
	}
	var rest []string
	for line := range strings.Lines(r.Err.Error()) {
		if line = strings.TrimRight(line, "\n"); !said[line] {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "\n")
}

// wasCancelled reports whether a rollout failed only because it was ended from
// outside.
func wasCancelled(r Rollout) bool {
	if !r.Cancelled {
		return false
	}
	for _, h := range r.Hosts {
		if h.Kind != "" && h.Kind != host.Cancelled {
			return false
		}
	}
	return true
}
