package cause

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What programs print when they fail, as they were seen, and what a person wants to read of it.
func TestAnErrorHasTheCauseThatAProgramPrints(t *testing.T) {
	failed := errors.New("a command of before-release failed: see the lines above")
	for want, output := range map[string]string{
		`js/app.js:45:24: Expected ";" but found "oops"`: "Done in 816ms.\n\x1b[31m✘ \x1b[0m[ERROR] Expected \";\" but found \"oops\"\n\n    js/app.js:45:24:\n      45 │ import x from \"nowhere\" oops\n\n1 error\n** (exit) 1\n    (mix 1.14.0) lib/mix/tasks/cmd.ex:74: Mix.Tasks.Cmd.run/1\n",
		"npm: The `npm ci` command can only install with an existing package-lock.json or npm-shrinkwrap.json with lockfileVersion >= 1.": "npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! The `npm ci` command can only install with an existing package-lock.json or\nnpm ERR! npm-shrinkwrap.json with lockfileVersion >= 1.\nnpm ERR!\nnpm ERR! A complete log of this run can be found in:\n",
		`npm: Missing script: "deploy"`:                             "npm error Missing script: \"deploy\"\nnpm error\nnpm error To see a list of scripts, run:\n",
		`The task "assets.deploy" could not be found`:               "Compiling 2 files (.ex)\n** (Mix) The task \"assets.deploy\" could not be found\n",
		"File.Error: could not read file \"x\": no such file":       "** (File.Error) could not read file \"x\": no such file\n    (elixir 1.14.0) lib/file.ex:1\n",
		"Error: Cannot find module '@tailwindcss/forms'":            "Rebuilding...\nError: Cannot find module '@tailwindcss/forms'\nRequire stack:\n- /x/tailwind.config.js\n",
		"sh: 3: npx: not found":                                     "installing\nsh: 3: npx: not found\n",
		"c_src/nif.c:3:10: fatal error: erl_nif.h: No such file":    "gcc -c c_src/nif.c\nc_src/nif.c:3:10: fatal error: erl_nif.h: No such file\ncompilation terminated.\nmake: *** [Makefile:2: all] Error 1\n",
		"make[1]: *** No rule to make target 'nif.o'.  Stop.":       "make[1]: *** No rule to make target 'nif.o'.  Stop.\n",
		"Could not resolve dependency cowboy":                       "===> Verifying dependencies...\n===> Could not resolve dependency cowboy\n",
		"fatal: repository 'https://example.com/x/' not found":      "fatal: repository 'https://example.com/x/' not found", // no line break at the end
		"httpc request failed with: {:failed_connect, [:nxdomain]}": "\n** (Mix) httpc request failed with: {:failed_connect, [:nxdomain]}\n\nCould not install Rebar because Mix could not download metadata\n",
	} {
		c := &Finder{}
		for piece := range strings.SplitAfterSeq(output, "r") { // as it comes from a connection
			fmt.Fprint(c, piece)
		}
		err := c.Explain(failed)
		if got := err.Error(); got != "a command of before-release failed: "+want || !errors.Is(err, failed) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestWhatIsNoCause(t *testing.T) {
	failed := errors.New("mix release failed: see the lines above")
	for name, output := range map[string]string{
		"nothing":            "",
		"no errors":          "0 errors, 3 warnings\nerrors.ex is compiled\nnpm WARN deprecated x\n** (exit) 1\nnpm ERR! code 1\n",
		"long ago":           "error: tolerated\n" + strings.Repeat("line\n", causeLines),
		"a very long line":   "error: " + strings.Repeat("x", maxCause) + "\n",
		"an even longer one": "error: " + strings.Repeat("x", 2*lineLimit) + "\n",
	} {
		c := &Finder{}
		fmt.Fprint(c, output)
		if err := c.Explain(failed); !errors.Is(err, failed) || err.Error() != failed.Error() {
			t.Errorf("%s: %q", name, err)
		}
	}
	c := &Finder{}
	fmt.Fprintln(c, "error: something")
	within := errors.New(".tool-versions:5 pins nothing 1, which mise cannot install: see the lines above. Pin an exact version that mise knows")
	m := &Finder{}
	fmt.Fprint(m, "mise ✗ nothing@1  1ms · failed: nothing not found\nmise ERROR Failed to install nothing@1: nothing not found in mise tool registry\nmise ERROR Version: 2026.9.15\n")
	if got := m.Explain(within).Error(); got != ".tool-versions:5 pins nothing 1, which mise cannot install: Failed to install nothing@1: nothing not found in mise tool registry. Pin an exact version that mise knows" {
		t.Errorf("%q", got)
	}
	own := errors.New("the lock is lost")
	if err := c.Explain(own); !errors.Is(err, own) || err.Error() != own.Error() || c.Explain(nil) != nil {
		t.Errorf("%q", err)
	}
}
