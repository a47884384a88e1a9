//go:build full

package managers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/managers"
)

func TestMain(m *testing.M) { labtest.Main(m, lab.Options{Hosts: []string{"build", "git"}}) }

// A manager is one of the three, and how a program calls it: see the package's documentation.
type manager struct {
	name    string
	install func(t *testing.T, l *lab.Lab) error
	env     string // to be run first
	ensure  string // installs what .tool-versions names
	path    string // to be run before tools are
}

var both = []manager{asdf(managers.Classic), asdf(managers.Rewrite)}

var all = append(both[:2:2], manager{
	name: "mise",
	install: func(t *testing.T, l *lab.Lab) error {
		return managers.InstallMise(t.Context(), l, l.Host("build"))
	},
	env:    `export PATH="$HOME/.local/bin:$PATH" MISE_YES=1`,
	ensure: `mise install </dev/null`,
	path:   `export PATH="$(mise bin-paths | paste -sd: -):$PATH"`,
})

func asdf(generation managers.Generation) manager {
	env := `export PATH="${ASDF_DATA_DIR:-$HOME/.asdf}/shims:$HOME/.local/bin:$PATH"`
	if generation == managers.Classic {
		env = `export ASDF_DIR="$HOME/.asdf"; export PATH="$ASDF_DIR/bin:${ASDF_DATA_DIR:-$ASDF_DIR}/shims:$PATH"`
	}
	return manager{
		name: "asdf-" + string(generation),
		install: func(t *testing.T, l *lab.Lab) error {
			return managers.InstallAsdf(t.Context(), l, l.Host("build"), generation)
		},
		env: env,
		ensure: `while read -r tool version; do
	asdf plugin add "$tool" "git@git.apxr.test:asdf-$tool.git" </dev/null
	asdf install "$tool" "$version" </dev/null
done <.tool-versions`,
		path: ":",
	}
}

// each runs a test for each of these managers, one after the other: they are on one host.
func each(t *testing.T, these []manager, test func(t *testing.T, m *machine)) {
	for _, manager := range these {
		t.Run(manager.name, func(t *testing.T) {
			m := manager.on(t)
			test(t, m)
			m.check()
		})
	}
}

// A machine is the build host with one manager on it, for the time of a test.
type machine struct {
	t *testing.T
	manager
	host    *lab.Host
	pending []expectation
}

func (m manager) on(t *testing.T) *machine {
	t.Helper()
	l := labtest.Lab(t)
	host := l.Host("build")
	if err := m.install(t, l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := managers.RemoveManagers(context.Background(), host); err != nil {
			t.Error(err)
		}
	})
	return &machine{t: t, manager: m, host: host}
}

// inDirectory is a script that runs another in a new directory with this .tool-versions file.
func (m *machine) inDirectory(toolVersions, script string) string {
	return "set -eu\nexec 2>&1\ncd $(mktemp -d)\ncat >.tool-versions <<'VERSIONS'\n" + toolVersions + "VERSIONS\n" + m.env + "\n" + script + "\n"
}

// run runs a script. Standard error is in what it returns.
func (m *machine) run(toolVersions, script string) (string, error) {
	m.t.Helper()
	m.check()
	return m.host.RunAs(m.t.Context(), "deploy", nil, "sh", "-c", m.inDirectory(toolVersions, script))
}

func (m *machine) must(toolVersions, script string) string {
	m.t.Helper()
	out, err := m.run(toolVersions, script)
	if err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(out)
}

// An expectation is a script and what is to come of it. They wait until there is something else to do on the host,
// and then are run in one go: a connection takes longer than they.
type expectation struct {
	toolVersions, script string
	code                 string
	holds                func(out string) bool
	says                 string
}

// exits expects a script to end with this code, and to say this.
func (m *machine) exits(code, toolVersions, script, says string) {
	contains := func(out string) bool { return strings.Contains(out, says) }
	m.pending = append(m.pending, expectation{toolVersions, script, code, contains, says})
}

// prints expects a script to end well and to say nothing but this.
func (m *machine) prints(want, toolVersions, script string) {
	equals := func(out string) bool { return strings.TrimSpace(out) == want }
	m.pending = append(m.pending, expectation{toolVersions, script, "0", equals, want})
}

const end = "=end="

// check runs what waits.
func (m *machine) check() {
	m.t.Helper()
	pending := m.pending
	m.pending = nil
	if len(pending) == 0 {
		return
	}
	var script strings.Builder
	for _, e := range pending {
		script.WriteString("(\n" + m.inDirectory(e.toolVersions, e.script) + ")\necho $?" + end + "\n")
	}
	out, err := m.host.RunAs(m.t.Context(), "deploy", nil, "sh", "-c", script.String())
	parts := strings.Split(out, end+"\n")
	if err != nil || len(parts) != len(pending)+1 {
		m.t.Fatalf("%v: %d of %d answers:\n%s", err, len(parts)-1, len(pending), out)
	}
	for i, e := range pending {
		said, isCode := strings.CutSuffix(parts[i], e.code)
		if !isCode || !e.holds(said) {
			m.t.Errorf("%s\n%s: want exit %s and %q, got\n%s", e.toolVersions, e.script, e.code, e.says, parts[i])
		}
	}
}
