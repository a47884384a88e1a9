package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Build is how a build went.
type Build struct {
	Phases []Phase // those that were begun, in order
	Kept   string  // of earlier builds: none, dependencies or all
}

// Phase is a part of it.
type Phase struct {
	Name string
	Took time.Duration
}

// BuildMarkdown is a build for a job summary; m is nil if it failed.
func BuildMarkdown(m *release.Manifest, b Build) string {
	var s strings.Builder
	if m != nil {
		fmt.Fprintf(&s, "### ✅ Built %s %s\n\n| Release ID | Version | Revision | Elixir | Erlang/OTP | Size |\n|---|---|---|---|---|---|\n| %s | %s | %s | %s | %s | %.1f MB |\n",
			code(m.App), code(m.Version), code(string(m.ReleaseID)), code(m.Version), code(short(m.Revision)), code(m.Elixir), code(m.OTP), float64(m.Size())/1e6)
	}
	if len(b.Phases) == 0 {
		return s.String()
	}
	s.WriteString("\n| Phase of the build | Took |\n|---|---|\n")
	var sum time.Duration
	for _, p := range b.Phases {
		fmt.Fprintf(&s, "| %s | %.1f s |\n", inline(p.Name), p.Took.Seconds())
		sum += p.Took
	}
	fmt.Fprintf(&s, "| **all** | **%.1f s** |\n", sum.Seconds())
	if b.Kept != "" {
		fmt.Fprintf(&s, "\nKept of earlier builds: %s.\n", inline(b.Kept))
	}
	s.WriteString("\n")
	return s.String()
}

// BuildText is the phases in one line.
func BuildText(b Build) string {
	var parts []string
	for _, p := range b.Phases {
		parts = append(parts, fmt.Sprintf("%s %.1f s", p.Name, p.Took.Seconds()))
	}
	return strings.Join(parts, ", ")
}

// BuildOutputs is what a build hands to later steps.
func BuildOutputs(m release.Manifest) map[string]string {
	return map[string]string{"release-id": string(m.ReleaseID), "version": m.Version, "revision": m.Revision}
}
