package ansible

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/apxr/slipway/ansible"
)

var update = flag.Bool("update", false, "write docs/setup-variables.md instead of comparing it")

// roles in the order in which people read of them, and where their variables usually stand.
var roles = []struct{ name, file string }{
	{"users", "group_vars/all/users.yml"},
	{"application", "group_vars/all/elixir-release.yml"},
	{"web_server", "group_vars/all/elixir-release.yml"},
	{"firewall", "group_vars/web-servers/vars.yml"},
	{"build_server", "group_vars/build-servers/vars.yml"},
}

type spec struct {
	Short       string   `yaml:"short_description"`
	Description []string `yaml:"description"`
	Options     yaml.Node
}

type option struct {
	Type, Elements, Description string
	Required                    bool
	NoLog                       bool `yaml:"no_log"`
	Default                     any
	Choices                     []string
	Options                     yaml.Node
}

func TestVariablesAreWrittenDown(t *testing.T) {
	want := document(t)
	path := filepath.Join(top, "docs", "setup-variables.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the argument specs say: run go test ./test/ansible -update", path)
	}
}

// Every variable has a default, or is required, and every default is described.
func TestDefaultsAndArgumentSpecsAgree(t *testing.T) {
	for _, role := range roles {
		var defaults map[string]any
		parse(t, "roles/"+role.name+"/defaults/main.yml", &defaults)
		described := map[string]bool{}
		each(t, read(t, role.name).Options, func(name string, o option) {
			described[name] = true
			if o.Description == "" || o.Type == "" {
				t.Errorf("%s of role %s has no description or no type", name, role.name)
			}
			value, has := defaults[name]
			// The cookie is needed or not, as slipway_node_address says.
			if has == o.Required && name != "slipway_cookie" {
				t.Errorf("%s of role %s: required is %t, and there is a default: %t", name, role.name, o.Required, has)
			}
			if text, is := value.(string); !is || !strings.Contains(text, "{{") {
				checkDefault(t, name, value, o)
			}
		})
		for name := range defaults {
			if !described[name] {
				t.Errorf("%s of role %s is not in its argument specs", name, role.name)
			}
		}
	}
}

func checkDefault(t *testing.T, name string, value any, o option) {
	t.Helper()
	if list, is := value.([]any); is && len(list) > 0 && strings.Contains(fmt.Sprint(list[0]), "{{") {
		return
	}
	if fmt.Sprint(value) != fmt.Sprint(o.Default) {
		t.Errorf("%s: the default is %v, and the argument specs say %v", name, value, o.Default)
	}
}

func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# Variables of setup\n\nMade from `ansible/roles/*/meta/argument_specs.yml` by `go test ./test/ansible -update`. ")
	b.WriteString("[ansible/README.md](../ansible/README.md) says how setup is run; [examples/inventory](../examples/inventory) has them in their places. ")
	b.WriteString("Those marked *secret* belong into the vault, and are in no output.\n")
	for _, role := range roles {
		s := read(t, role.name)
		fmt.Fprintf(&b, "\n## %s\n\nRole `%s`; usually in `%s`.\n\n", s.Short, role.name, role.file)
		for _, text := range s.Description {
			b.WriteString(markdown(text) + "\n\n")
		}
		b.WriteString("| variable | type | default | meaning |\n|---|---|---|---|\n")
		each(t, s.Options, func(name string, o option) { writeOption(&b, "`"+name+"`", o) })
	}
	return b.String()
}

func writeOption(b *strings.Builder, name string, o option) {
	if o.NoLog {
		name += " *secret*"
	}
	kind := o.Type
	if o.Elements != "" {
		kind += " of " + o.Elements
	}
	given := ""
	switch {
	case o.Required:
		given = "*required*"
	case o.Default != nil && fmt.Sprint(o.Default) != "":
		given = "`" + strings.NewReplacer("map[]", "{}").Replace(fmt.Sprint(o.Default)) + "`"
	}
	said := o.Description
	if len(o.Choices) > 0 {
		said = "One of `" + strings.Join(o.Choices, "`, `") + "`. " + said
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, kind, given, markdown(said))
	if o.Options.Kind != 0 {
		for i := 0; i+1 < len(o.Options.Content); i += 2 {
			var part option
			if err := o.Options.Content[i+1].Decode(&part); err == nil {
				writeOption(b, "&nbsp;&nbsp;`"+o.Options.Content[i].Value+"`", part)
			}
		}
	}
}

var marked = regexp.MustCompile(`\b[CFEV]\(([^)]*(?:\([^)]*\)[^)]*)?)\)`)

// markdown turns Ansible's marks into code.
func markdown(text string) string {
	return strings.ReplaceAll(marked.ReplaceAllString(strings.TrimSpace(text), "`$1`"), "|", `\|`)
}

func read(t *testing.T, role string) spec {
	t.Helper()
	var file struct {
		Specs map[string]spec `yaml:"argument_specs"`
	}
	parse(t, "roles/"+role+"/meta/argument_specs.yml", &file)
	return file.Specs["main"]
}

func parse(t *testing.T, name string, into any) {
	t.Helper()
	text, err := ansible.Collection.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// each calls do for the options in the order of the file.
func each(t *testing.T, options yaml.Node, do func(name string, o option)) {
	t.Helper()
	for i := 0; i+1 < len(options.Content); i += 2 {
		var o option
		if err := options.Content[i+1].Decode(&o); err != nil {
			t.Fatalf("%s: %v", options.Content[i].Value, err)
		}
		do(options.Content[i].Value, o)
	}
}
