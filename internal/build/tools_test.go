package build

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/script"
)

func TestCheckTools(t *testing.T) {
	have := map[string]string{"erlang": "26.2.5", "elixir": "1.16.3"}
	for name, c := range map[string]struct {
		want    string // as in .tool-versions, ; for a line break
		unknown []string
		errs    []string
	}{
		"nothing is pinned":            {"", nil, nil},
		"what there is":                {"erlang 26.2.5;elixir 1.16.3", nil, nil},
		"Elixir for this OTP":          {"elixir 1.16.3-otp-26", nil, nil},
		"Elixir for another OTP":       {"elixir 1.16.3-otp-25", nil, []string{"elixir 1.16.3-otp-25", "has 1.16.3"}},
		"another Elixir":               {"elixir 1.16.30", nil, []string{"elixir 1.16.30"}},
		"another Erlang":               {"erlang 26.2", nil, []string{"erlang 26.2,", "has 26.2.5", "install the pinned version"}},
		"all mistakes at once":         {"erlang 25.0;elixir 1.15.0;nodejs 20.0.0", nil, []string{"erlang 25.0", "elixir 1.15.0", "nodejs 20.0.0"}},
		"a tool that is not there":     {"nodejs 20.1.0", nil, []string{"nodejs 20.1.0", "none on its PATH"}},
		"system is whatever there is":  {"nodejs system;erlang system", nil, nil},
		"the first version is meant":   {"erlang 25.0 26.2.5", nil, []string{"erlang 25.0"}},
		"fallbacks do not count":       {"erlang 26.2.5 25.0", nil, nil},
		"no version":                   {"erlang", nil, []string{"erlang without a version"}},
		"tools that nobody here knows": {"rust 1.80;erlang 26.2.5;zig 0.1", []string{"rust", "zig"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			chain := script.Toolchain{Have: have}
			for line := range strings.SplitSeq(c.want, ";") {
				if f := strings.Fields(line); len(f) > 0 {
					chain.Want = append(chain.Want, script.ToolVersion{Tool: f[0], Versions: f[1:]})
				}
			}
			unknown, err := checkTools(chain)
			if !slices.Equal(unknown, c.unknown) || (err == nil) != (c.errs == nil) {
				t.Fatalf("unknown %q, %v", unknown, err)
			}
			for _, words := range c.errs {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
}

func TestEveryRepositoryHasItsOwnReadableMirror(t *testing.T) {
	keys := map[string]string{}
	for repository, base := range map[string]string{
		"git@github.com:apxr/apxr_io.git":         "apxr_io-",
		"git@github.com:other/apxr_io.git":        "apxr_io-",
		"https://github.com/apxr/apxr_io.git":     "apxr_io-",
		"https://github.com/apxr/apxr_io":         "apxr_io-",
		"git@host:apxr_io":                        "apxr_io-",
		"ssh://git@github.com:2222/apxr/x.y.git/": "x.y-",
		"https://github.com/..":                   "..-",
	} {
		key := mirrorKey(repository)
		if keys[key] != "" || strings.Contains(key, "/") || !strings.HasPrefix(key, base) {
			t.Errorf("%q has the mirror %q (as has %q)", repository, key, keys[key])
		}
		keys[key] = repository
		if key != mirrorKey(repository) {
			t.Errorf("%q has more than one mirror", repository)
		}
	}
}
