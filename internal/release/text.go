package release

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	revisionRE = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	digestRE   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ValidRevision reports whether s is a full commit ID of git, SHA-1 or SHA-256.
// Git cannot take such an argument for anything else.
func ValidRevision(s string) bool { return revisionRE.MatchString(s) }

// Bounds in bytes. The texts of a manifest end up in logs, tables and comments.
// The bounds of paths and names are those of Linux.
const (
	maxText   = 512
	maxOrigin = 1024 // of a ref and of a repository's URL
	maxTools  = 4096
	maxPath   = 4096
	maxName   = 255
)

// validateText reports values that cannot be shown, or that would be misread.
func (m Manifest) validateText() error {
	var errs []error
	for _, f := range []struct {
		name, value string
		most        int
	}{
		{"org", m.Org, maxText},
		{"app", m.App, maxText},
		{"release", m.Release, maxName},
		{"version", m.Version, maxText},
		{"revision", m.Revision, maxText},
		{"ref", m.Ref, maxOrigin},
		{"repository", m.Repository, maxOrigin},
		{"os", m.OS, maxText},
		{"arch", m.Arch, maxText},
		{"libc", m.Libc, maxText},
		{"kernel", m.Kernel, maxText},
		{"erts", m.ERTS, maxText},
		{"elixir", m.Elixir, maxText},
		{"otp", m.OTP, maxText},
		{"mix_lock_sha256", m.MixLock, maxText},
		{"tool_versions_sha256", m.ToolVersions, maxText},
		{"tools", m.Tools, maxTools},
	} {
		switch {
		case len(f.value) > f.most:
			errs = append(errs, fmt.Errorf("manifest: %s has %d bytes; at most %d are allowed", f.name, len(f.value), f.most))
		case !utf8.ValidString(f.value) || strings.ContainsFunc(f.value, breaks):
			errs = append(errs, fmt.Errorf("manifest: %s %q is not one line of plain text", f.name, f.value))
		}
	}
	return errors.Join(errs...)
}

// validateIdentity reports values that do not identify exactly one release.
func (m Manifest) validateIdentity() error {
	var errs []error
	if _, err := ParseID(string(m.ReleaseID)); err != nil {
		errs = append(errs, fmt.Errorf("manifest: %w", err))
	}
	for _, name := range []string{m.Org, m.App} {
		if !ValidName(name) {
			errs = append(errs, fmt.Errorf("manifest: %.100q is not a valid name of an organization or an application", name))
		}
	}
	if m.Release != "" && !releaseName.MatchString(m.Release) {
		errs = append(errs, fmt.Errorf("manifest: %.100q is not a valid name of a release: its start script is bin/NAME", m.Release))
	}
	return errors.Join(errs...)
}

// validateOrigin reports values that git and sha256sum cannot have computed.
func (m Manifest) validateOrigin() error {
	var errs []error
	if m.Revision != "" && !ValidRevision(m.Revision) {
		errs = append(errs, fmt.Errorf("manifest: revision %.100q is not a full commit ID", m.Revision))
	}
	for _, digest := range []string{m.MixLock, m.ToolVersions} {
		if digest != "" && !digestRE.MatchString(digest) {
			errs = append(errs, fmt.Errorf("manifest: %.100q is not a SHA-256", digest))
		}
	}
	return errors.Join(errs...)
}

// breaks reports whether r ends a line or controls a terminal.
func breaks(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }
