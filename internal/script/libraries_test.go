package script

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fileNames returns the names of all files in sh/, without their extensions.
func fileNames(t *testing.T) (names []string) {
	t.Helper()
	entries, err := files.ReadDir("sh")
	must(t, err)
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".sh"))
	}
	return names
}

// scripts returns the names of the files in sh/ with a main. The others are the
// prelude and the libraries.
func scripts(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range fileNames(t) {
		if hasMain(file(name)) {
			names = append(names, name)
		}
	}
	return names
}

func hasMain(text string) bool { return strings.Contains("\n"+text, "\nmain() {") }

var (
	function = regexp.MustCompile(`(?m)^([a-z_]+)\(\)`)
	variable = regexp.MustCompile(`(?m)^([a-z_]+=\S*(?: [a-z_]+=\S*)*)$`) // at the top level, one or more on a line
	comment  = regexp.MustCompile(`(?m)(^|\s)#.*$`)
)

// functionsOf returns the functions that a file defines.
func functionsOf(text string) (names []string) {
	for _, m := range function.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// variablesOf returns the variables that a file sets at its top level.
func variablesOf(text string) (names []string) {
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		for _, word := range strings.Fields(m[1]) {
			name, _, _ := strings.Cut(word, "=")
			names = append(names, name)
		}
	}
	return names
}

// calls reports whether a text without comments calls a function, with its name
// at the beginning of a command.
func calls(text, name string) bool {
	const begin = `(?m)(?:^|[;&|({!)]|\b(?:if|elif|then|else|do|while|until)\b)[ \t]*`
	const end = `(?:[ \t]*$|[ \t]+[^= \t]|[ \t]*[;&|)])`
	return strings.Contains(text, name) && regexp.MustCompile(begin+name+end).MatchString(text)
}

func reads(text, name string) bool {
	return regexp.MustCompile(`\$\{?` + name + `\b`).MatchString(text)
}

// rest returns everything that is sent with a script, without one of its
// libraries and without comments.
func rest(script, without string) (text string) {
	for _, name := range append(libraries(file(script)), script) {
		if name != without {
			text += file(name)
		}
	}
	return comment.ReplaceAllString(text, "")
}

func TestEveryLibraryThatAScriptNamesIsThereAndUsed(t *testing.T) {
	t.Parallel()
	all, used := fileNames(t), map[string]bool{"prelude": true, "shell": true}
	for _, script := range scripts(t) {
		used[script] = true
		for _, library := range libraries(file(script)) {
			used[library] = true
			if !slices.Contains(all, library) || hasMain(file(library)) || library == "prelude" {
				t.Errorf("%s.sh names %s, which is no library", script, library)
				continue
			}
			text, own := rest(script, library), file(library)
			if !slices.ContainsFunc(functionsOf(own), func(name string) bool { return calls(text, name) }) &&
				!slices.ContainsFunc(variablesOf(own), func(name string) bool { return reads(text, name) }) {
				t.Errorf("%s.sh names %s and uses nothing of it", script, library)
			}
		}
	}
	for _, name := range all {
		if !used[name] {
			t.Errorf("no script names %s.sh", name)
		}
	}
}

func TestAScriptNamesEveryLibraryThatItUses(t *testing.T) {
	t.Parallel()
	for _, script := range scripts(t) {
		named := libraries(file(script))
		text := rest(script, "")
		defined := functionsOf(text)
		for _, other := range fileNames(t) {
			if other == "prelude" || hasMain(file(other)) || slices.Contains(named, other) {
				continue
			}
			for _, name := range functionsOf(file(other)) {
				if calls(text, name) && !slices.Contains(defined, name) {
					t.Errorf("%s.sh calls %s of %s.sh, which it does not name", script, name, other)
				}
			}
		}
	}
}

func TestOnlyScriptsNameLibraries(t *testing.T) {
	t.Parallel()
	for _, name := range fileNames(t) {
		switch lines := strings.Count(file(name), "# Libraries:"); {
		case !hasMain(file(name)) && lines > 0:
			t.Errorf("%s.sh is a library: the scripts that use it name its libraries", name)
		case lines != min(1, len(libraries(file(name)))):
			t.Errorf("%s.sh: the first line alone names libraries, at least one; without any there is no such line", name)
		}
	}
}

func TestTheFirstLineNamesTheLibraries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"# Libraries: service receive\n# Says.\nmain() {\n": {"service", "receive"},
		"# Says.\n# Libraries: service\nmain() {\n":         nil,
		"# Libraries:\nmain() {\n":                          nil,
		"main() {\n":                                        nil,
		"":                                                  nil,
	} {
		if got := libraries(text); !slices.Equal(got, want) {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

// The rules above parse shell with patterns. This test checks that they find
// all uses, and nothing else.
func TestHowUsesAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"fit\n":                        true,
		"\t! fit \"$1\" || x\n":        true,
		"x=$(fit a)\n":                 true,
		"a && fit\n":                   true,
		"a | fit | b":                  true,
		"while fit; do x; done":        true,
		"{ fit; }":                     true,
		"if a; then fit; fi":           true,
		"case a in\nb) fit ;;\nesac":   true,
		"{ fit = 1; print fit }":       false, // awk
		"# fit\n":                      false,
		"a # ; fit\n":                  false,
		"fit() { a; }":                 false,
		"fit=1":                        false,
		"fitting":                      false,
		"fit-in":                       false,
		"echo it does not fit":         false,
		"retrofit":                     false,
		"die \"they do not fit: why\"": false,
	} {
		if calls(comment.ReplaceAllString(text, ""), "fit") != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if got := variablesOf("a=1 b=$HOME/x c=\nd() { e=1; }\n\tf=1\ng='\n'\n"); !slices.Equal(got, []string{"a", "b", "c", "g"}) {
		t.Errorf("%q", got)
	}
	if got := functionsOf("a() { b; }\n\tc() { d; }\ne_f() {\n"); !slices.Equal(got, []string{"a", "e_f"}) {
		t.Errorf("%q", got)
	}
}
