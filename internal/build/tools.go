package build

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// checkTools holds the build server's tools against .tool-versions. It returns
// the pinned tools that it cannot check.
func checkTools(t script.Toolchain) (unknown []string, err error) {
	var errs []error
	known := map[string]bool{"erlang": true, "elixir": true, "nodejs": true}
	for _, want := range t.Want {
		if !known[want.Tool] {
			unknown = append(unknown, want.Tool)
			continue
		}
		errs = append(errs, checkTool(want, t.Have))
	}
	return unknown, errors.Join(errs...)
}

func checkTool(want script.ToolVersion, have map[string]string) error {
	if len(want.Versions) == 0 {
		return fmt.Errorf(".tool-versions names %s without a version", want.Tool)
	}
	pinned := want.Versions[0]
	if pinned == "system" || matches(want.Tool, pinned, have) {
		return nil
	}
	found := have[want.Tool]
	if found == "" {
		found = "none on its PATH"
	}
	return fmt.Errorf(".tool-versions pins %s %s, and the build server has %s: install the pinned version there, or pin the one that it has", want.Tool, pinned, found)
}

// matches compares versions; for Elixir, asdf's suffix names the OTP release
// that it was compiled for, as in 1.14.0-otp-25.
func matches(tool, pinned string, have map[string]string) bool {
	if tool != "elixir" {
		return pinned == have[tool]
	}
	version, otp, suffixed := strings.Cut(pinned, "-otp-")
	return version == have["elixir"] && (!suffixed || otp == major(have["erlang"]))
}

func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}
