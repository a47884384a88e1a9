package build

import (
	"errors"
	"io"
	"testing"

	"github.com/apxr/slipway/internal/progress"
)

func TestABuildFailsWithTheFirstErrorOfTheCompiler(t *testing.T) {
	failed, lost := errors.New("mix release failed: see the lines above"), errors.New("the connection was lost")
	warning := progress.Annotation{Severity: progress.SeverityWarning, File: "lib/a.ex", Line: 1, Message: "unused"}
	first := progress.Annotation{Severity: progress.SeverityError, File: "apps/web/lib/b.ex", Line: 3, Message: "undefined function go/0 (expected B to define it)\n  3 | go()"}
	second := progress.Annotation{Severity: progress.SeverityError, File: "lib/c.ex", Line: 9, Message: "another one"}
	for name, c := range map[string]struct {
		found []progress.Annotation
		err   error
		want  string
	}{
		"errors":          {[]progress.Annotation{warning, first, second}, failed, "mix release failed: apps/web/lib/b.ex:3: undefined function go/0 (expected B to define it)"},
		"only warnings":   {[]progress.Annotation{warning}, failed, failed.Error()},
		"another failure": {[]progress.Annotation{first}, lost, lost.Error()},
	} {
		passed := 0
		f := firstError{next: func(progress.Annotation) { passed++ }}
		for _, a := range c.found {
			f.annotate(a)
		}
		if err := f.explain(c.err); err.Error() != c.want || !errors.Is(err, c.err) || passed != len(c.found) {
			t.Errorf("%s: %q, and %d annotations", name, err, passed)
		}
		if f.explain(nil) != nil {
			t.Errorf("%s: a success fails", name)
		}
	}
}

func TestADependencyThatDoesNotCompileIsNamed(t *testing.T) {
	t.Parallel()
	failed := errors.New("a dependency does not compile: see the lines above")
	for output, want := range map[string]string{
		"==> jason\nCompiling 10 files (.ex)\n": failed.Error(),
		"==> old_dep\nwarning: unused\n  lib/a.ex:2\n\n== Compilation error in file lib/old.ex ==\n** (CompileError) lib/old.ex:4: undefined function x/0\n": "a dependency does not compile: deps/old_dep/lib/old.ex:4: undefined function x/0",
		"==> good\nCompiling 1 file (.ex)\n==> nif\n===> Compiling nif\nsrc/nif.erl:9: function f/0 undefined\n** (Mix) Could not compile dependency :nif\n": "a dependency does not compile: deps/nif/src/nif.erl:9: function f/0 undefined",
	} {
		err := compiling(io.Discard, func(out io.Writer) error {
			if _, err := io.WriteString(out, output); err != nil {
				return err
			}
			return failed
		})
		if err.Error() != want || !errors.Is(err, failed) {
			t.Errorf("got  %q\nwant %q", err, want)
		}
	}
}
