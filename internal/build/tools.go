package build

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/script"
)

// checkTools compares the build server's tools with what the project pins.
func checkTools(t script.Toolchain) error {
	var errs []error
	for _, want := range t.Want {
		errs = append(errs, checkTool(want, t))
	}
	for _, file := range t.Heed {
		errs = append(errs, checkHeeded(file, t))
	}
	return errors.Join(errs...)
}

// checkTool believes a manager, except about Erlang and Elixir, which were asked
// themselves. Elixir is not if rebar3 builds the project.
func checkTool(want script.Pin, t script.Toolchain) error {
	exact := want
	if i := slices.IndexFunc(t.Found, func(p script.Pin) bool { return p.Tool == want.Tool }); i >= 0 {
		exact = t.Found[i]
	}
	asked := want.Tool == "erlang" || want.Tool == "elixir" && t.Have["elixir"] != ""
	switch {
	case want.Version == "system", matches(exact, t.Have):
		return nil
	case t.Manager != "" && (!asked || strings.Contains(exact.Version, ":")):
		return nil // ref:COMMIT or path:DIRECTORY cannot be compared with a version
	}
	return errors.New(mismatch(want, t))
}

func mismatch(want script.Pin, t script.Toolchain) string {
	pin := fmt.Sprintf("%s pins %s %s, but ", want.Place, want.Tool, want.Version)
	const install = "install the pinned version there, or asdf or mise, which install it"
	found, there := t.Have[want.Tool]
	switch {
	case t.Manager != "":
		return pin + "the build server has " + found + ": pin the exact version"
	case !there:
		return pin + "the build server has none on its PATH: " + install
	case want.Tool == "erlang" || want.Tool == "elixir":
		return pin + "the build server has " + found + ": " + install
	case found == "":
		return pin + "that of the build server does not say its version: install asdf or mise there, which know what they install"
	}
	return pin + fmt.Sprintf("that of the build server says %q: %s and know its version", shorten(found), install)
}

// shorten returns the beginning of what a program prints.
func shorten(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// checkHeeded compares the tool on the PATH with a file such as .nvmrc, which may have
// only the first numbers of a version. A tool that is not there cannot be used.
func checkHeeded(file script.Pin, t script.Toolchain) error {
	have := t.Have[file.Tool]
	pinned := func(p script.Pin) bool { return commonName(p.Tool) == file.Tool }
	if have == "" || slices.ContainsFunc(t.Want, pinned) {
		return nil
	}
	wanted := strings.TrimPrefix(file.Version, "v")
	for _, word := range words(have) {
		word = strings.TrimPrefix(word, "v")
		if word == wanted || strings.HasPrefix(word, wanted+".") {
			return nil
		}
	}
	return fmt.Errorf("%s names %s %s, but the build server has %s: pin the exact version of %s in .tool-versions", file.Place, file.Tool, file.Version, shorten(have), file.Tool)
}

// commonName returns one of the names that managers have for the same tool.
func commonName(tool string) string {
	if common := map[string]string{"node": "nodejs", "go": "golang"}[tool]; common != "" {
		return common
	}
	return tool
}

// matches reports whether the build server has the wanted version. For Elixir, a
// suffix names the OTP release that it was compiled for, as in 1.14.0-otp-25. Other
// tools print lines that must contain the version as a word.
func matches(want script.Pin, have map[string]string) bool {
	switch want.Tool {
	case "erlang":
		return want.Version == have["erlang"]
	case "elixir":
		version, otp, suffixed := strings.Cut(want.Version, "-otp-")
		return version == have["elixir"] && (!suffixed || otp == major(have["erlang"]))
	}
	wanted := []string{want.Version, strings.TrimPrefix(want.Version, "v"), vendor.ReplaceAllString(want.Version, "")}
	return slices.ContainsFunc(words(have[want.Tool]), func(word string) bool {
		for _, prefix := range []string{"go", "v", want.Tool + "-"} {
			word = strings.TrimPrefix(word, prefix)
		}
		return slices.ContainsFunc(wanted, func(version string) bool { return strings.EqualFold(word, version) })
	})
}

// vendor is the beginning of a version such as openjdk-17.0.2, whose program says 17.0.2.
var vendor = regexp.MustCompile(`^[a-z]+-`)

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t,;()\"'", r) })
}

func major(version string) string {
	first, _, _ := strings.Cut(version, ".")
	return first
}

// sayOrigins says which Erlang and Elixir are used, and whose they are.
func sayOrigins(t script.Toolchain) string {
	elixir, erlang := t.From["elixir"], t.From["erlang"]
	if t.Have["elixir"] == "" {
		return fmt.Sprintf("Erlang/OTP %s from %s", t.Have["erlang"], erlang)
	}
	if elixir == erlang {
		return fmt.Sprintf("Elixir %s, Erlang/OTP %s from %s", t.Have["elixir"], t.Have["erlang"], erlang)
	}
	return fmt.Sprintf("Elixir %s from %s, Erlang/OTP %s from %s", t.Have["elixir"], elixir, t.Have["erlang"], erlang)
}

// otherTools lists the versions of the pinned tools other than Erlang and Elixir.
func otherTools(t script.Toolchain) string {
	pins := t.Found
	if t.Manager == "" {
		pins = t.Want
	}
	var parts []string
	for _, p := range pins {
		if p.Tool != "erlang" && p.Tool != "elixir" {
			parts = append(parts, p.Tool+" "+p.Version)
		}
	}
	return strings.Join(parts, ", ")
}

// sayChosen says what the manager has chosen for pins that are not exact.
func sayChosen(t script.Toolchain) (texts []string) {
	for i, p := range t.Found {
		want := t.Want[i]
		if strings.TrimPrefix(p.Version, "v") != strings.TrimPrefix(want.Version, "v") {
			texts = append(texts, fmt.Sprintf("%s pins %s to %s, for which %s has chosen %s: it may choose another version tomorrow", want.Place, want.Tool, want.Version, t.Manager, p.Version))
		}
	}
	return texts
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
