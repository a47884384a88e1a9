package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Build is the result of a build.
type Build struct {
	Verb   string            // of the run that the build belongs to
	Made   *release.Manifest // nil if the build failed
	Digest release.Digest    // of what was made
	Phases []Phase           // those that began, in order
	Kept   string            // what earlier builds left: none, dependencies or all
	Ended
}

// Phase is a part of a build.
type Phase struct {
	Name string
	Took time.Duration
}

// Text returns the release ID.
func (b Build) Text() string {
	if b.Made == nil {
		return ""
	}
	return string(b.Made.ReleaseID) + "\n"
}

// Steps returns the phases on one line.
func (b Build) Steps() string {
	var parts []string
	for _, p := range b.Phases {
		parts = append(parts, fmt.Sprintf("%s %.1f s", p.Name, p.Took.Seconds()))
	}
	return strings.Join(parts, ", ")
}

// JSON returns the values for a script.
func (b Build) JSON() (string, error) { return b.values().json() }

// Outputs returns the values for later steps.
func (b Build) Outputs() (map[string]string, error) { return b.values().outputs() }

func (b Build) values() values {
	if b.Made == nil {
		return nil
	}
	return values{"release_id": string(b.Made.ReleaseID), "release_digest": string(b.Digest), "version": b.Made.Version, "revision": b.Made.Revision}
}

// Markdown returns the build for a job summary.
func (b Build) Markdown(Place) string {
	var s strings.Builder
	if m := b.Made; m != nil {
		fmt.Fprintf(&s, "### ✅ Built %s %s\n\n| Version | Revision | Elixir | Erlang/OTP | Size | Release ID | Digest |\n|---|---|---|---|---|---|---|\n| %s | %s | %s | %s | %.1f MB | %s | %s |\n",
			code(m.App), code(m.Version), code(m.Version), code(short(m.Revision)), code(m.Elixir), code(m.OTP), float64(m.Size())/1e6, code(string(m.ReleaseID)), code(b.Digest.Short()))
	}
	if b.Err != nil { // the reason is seen first
		s.WriteString(failure(b.Verb, b.Err))
	}
	if steps := b.steps(); steps != "" {
		s.WriteString(folded("How long each phase of the build took", "", steps, false))
	}
	return s.String()
}

func (b Build) steps() string {
	if len(b.Phases) == 0 {
		return ""
	}
	var s strings.Builder
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
	return s.String()
}
