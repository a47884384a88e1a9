//go:build full

package managers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/managers"
)

const fourTools = "erlang 25.2.3\nelixir 1.14.0-otp-25\nnodejs 18.0.0\njust 1.0.0\n"

func TestFromNothing(t *testing.T) {
	for _, manager := range all {
		t.Run(manager.name, func(t *testing.T) {
			build := labtest.Lab(t).Host("build")
			before := home(t, build)
			m := manager.on(t)
			first := m.must(fourTools, "/usr/bin/elixir -e ':ok'\n"+m.ensure)
			if used, err := managers.Used(t.Context(), build); err != nil || len(used) != 0 {
				t.Errorf("the host's own tools left a mark: %q, %v", used, err)
			}
			for _, line := range []string{"downloading erlang 25.2.3", "installing elixir 1.14.0-otp-25 into", "installed just 1.0.0"} {
				if !strings.Contains(first, line) {
					t.Errorf("the installation did not say %q:\n%s", line, first)
				}
			}
			if again := m.must(fourTools, m.ensure); strings.Contains(again, "downloading") {
				t.Errorf("what was there was installed again:\n%s", again)
			}
			m.prints("v18.0.0\njust 1.0.0", fourTools, m.path+"; node; just")
			m.prints("25 1.14.0 demo", fourTools, m.path+`
mix new demo >/dev/null
cd demo
mix compile >/dev/null
mix run -e 'IO.puts "#{System.otp_release()} #{System.version()} #{Mix.Project.config()[:app]}"'`)
			m.check()
			used, err := managers.Used(t.Context(), build)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range strings.Split(strings.TrimSpace(fourTools), "\n") {
				if !slices.Contains(used, want) {
					t.Errorf("%s was not used: %v", want, used)
				}
			}

			if err := managers.RemoveManagers(t.Context(), build); err != nil {
				t.Fatal(err)
			}
			if after := home(t, build); after != before {
				t.Errorf("the home directory was\n%s\nand is now\n%s", before, after)
			}
		})
	}
}

// home lists what a user has.
func home(t *testing.T, host *lab.Host) string {
	t.Helper()
	out, err := host.RunAs(t.Context(), "deploy", nil, "sh", "-c", "cd; find . -printf '%p %m %s\\n' | sed 's/^\\([^ ]*\\) 755 [0-9]*$/\\1/' | sort")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVersionThatCannotBeInstalled(t *testing.T) {
	each(t, all, func(t *testing.T, m *machine) {
		const versions = "erlang 25.2.3\nelixir 9.9.9\n"
		m.exits("1", versions, m.ensure, "no such version: 9.9.9")
		// What runs then is the host's, or nothing.
		out, err := m.run(versions, m.path+"; elixir -e ':ok'")
		used, usedErr := managers.Used(t.Context(), m.host)
		if usedErr != nil || slices.ContainsFunc(used, func(line string) bool { return strings.HasPrefix(line, "elixir") }) {
			t.Errorf("used: %q, %v, %v: %s", used, usedErr, err, out)
		}
	})
}

func TestMiseFailures(t *testing.T) {
	each(t, all[2:], func(t *testing.T, m *machine) {
		m.must(fourTools, m.ensure)
		m.exits("1", "just 1.0.0\nnosuchtool 1.0\n", "mise install", "nosuchtool not found in mise tool registry")
		m.exits("0", "just 1.0.0\nerlang 1.0\n", "mise bin-paths", "missing: erlang@1.0")
		m.exits("1", "just 1.0.0\nerlang 1.0\n", "mise exec -- just", "no such version: 1.0")
		m.prints("just main", "just ref:main\n", "mise install >/dev/null 2>&1; mise exec -- just")
		m.prints("Elixir", "elixir 1.14.0-otp-25\n", "mise exec -- elixir --version | grep -o '^Elixir'")
		m.prints("/home/deploy/.local/share/mise/installs/elixir/1.14.0-otp-25/.mix", fourTools, `eval "$(mise env -s bash)"; echo $MIX_HOME`)
		// One plugin that cannot be cloned, and nothing is installed.
		m.must("", "rm -rf ~/.local/share/mise; sed -i s/asdf-just/asdf-gone/ ~/.config/mise/config.toml")
		m.exits("1", fourTools, "mise install", "does not appear to be a git repository")
		m.prints("", fourTools, "mise bin-paths 2>/dev/null")
	})
}
