package build

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// checkTools compares the build server's tools with .tool-versions.
func checkTools(t script.Toolchain) error {
	var errs []error
	for _, want := range t.Want {
		errs = append(errs, checkTool(want, t))
	}
	return errors.Join(errs...)
}

func checkTool(want script.ToolVersion, t script.Toolchain) error {
	found := t.Have[want.Tool]
	switch {
	case want.Version == "":
		return fmt.Errorf(".tool-versions names %s without a version", want.Tool)
	case want.Version == "system", matches(want, t.Have):
		return nil
	case found == "" && t.Manager != "":
		return nil // the manager has installed it; only the name of its program is unknown here
	case t.Manager != "" && strings.Contains(want.Version, ":"):
		return nil // ref:COMMIT or path:DIRECTORY cannot be compared with a version
	case found == "":
		found = "none on its PATH"
	}
	remedy := "install the pinned version there, or asdf or mise, which install it"
	if t.Manager != "" {
		remedy = "pin the exact version"
	}
	return fmt.Errorf(".tool-versions pins %s %s, but the build server has %s: %s", want.Tool, want.Version, found, remedy)
}

// matches reports whether the build server has the wanted version. For Elixir, a
// suffix names the OTP release that it was compiled for, as in 1.14.0-otp-25. Other
// tools print a line that must contain the version as a word.
func matches(want script.ToolVersion, have map[string]string) bool {
	switch want.Tool {
	case "erlang":
		return want.Version == have["erlang"]
	case "elixir":
		version, otp, suffixed := strings.Cut(want.Version, "-otp-")
		return version == have["elixir"] && (!suffixed || otp == major(have["erlang"]))
	}
	return slices.ContainsFunc(strings.FieldsFunc(have[want.Tool], func(r rune) bool { return strings.ContainsRune(" \t,;()\"", r) }), func(word string) bool {
		return strings.TrimPrefix(strings.TrimPrefix(word, "go"), "v") == strings.TrimPrefix(want.Version, "v")
	})
}

func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}

// stateKey returns the key of the compiled files that a build may reuse: those with
// the same tools, machine, dependencies, configuration and settings. The key includes the
// values of variables, since a build may compile them in.
func stateKey(t script.Toolchain, project script.Project, p Plan) string {
	sum := sha256.New()
	add := func(parts ...string) {
		for _, part := range parts {
			fmt.Fprintf(sum, "%q\n", part)
		}
	}
	add("2", t.OS, t.Arch, t.Libc, t.Have["erlang"], t.Have["elixir"], t.ToolVersions, project.MixLock, project.MixFiles, project.Config, p.MixEnv, p.Dir)
	for _, v := range p.Env {
		add(v.Name, v.Value)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
