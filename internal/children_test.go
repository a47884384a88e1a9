package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// programs parses the sources of all programs, without tests.
func programs(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "test" || name == ".git" || name == "tools" || name == "examples"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files[name], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		}
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// called returns what is called below a node, as PACKAGE.FUNCTION.
func called(node ast.Node) (names []string) {
	ast.Inspect(node, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			names = append(names, dotted(call.Fun))
		}
		return true
	})
	return names
}

func dotted(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// environments counts the assignments to a field Env below a node.
func environments(node ast.Node) (n int) {
	ast.Inspect(node, func(node ast.Node) bool {
		if assign, ok := node.(*ast.AssignStmt); ok {
			for _, left := range assign.Lhs {
				if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "Env" {
					n++
				}
			}
		}
		return true
	})
	return n
}

// A command whose Env is not set gets the environment of this process: on a
// runner, with all secrets in it.
func TestEveryChildHasAnEnvironmentOfItsOwn(t *testing.T) {
	found := 0
	for name, file := range programs(t) {
		for _, d := range file.Decls {
			commands := 0
			for _, call := range called(d) {
				switch call {
				case "exec.Command", "exec.CommandContext":
					commands++
				case "os.StartProcess", "syscall.ForkExec", "syscall.StartProcess", "syscall.Exec", "unix.Exec":
					t.Errorf("%s calls %s: start children with os/exec", name, call)
				case "os.Environ":
					if name != "cmd/slipway/main.go" { // which looks for misspelled settings
						t.Errorf("%s takes the whole environment", name)
					}
				}
			}
			if environments(d) < commands {
				t.Errorf("%s starts a command without saying what its environment is", name)
			}
			found += commands
		}
	}
	if found == 0 {
		t.Error("no command was found")
	}
}

func TestEveryProgramHidesItselfFirst(t *testing.T) {
	mains := 0
	for name, file := range programs(t) {
		at := slices.IndexFunc(file.Decls, func(d ast.Decl) bool {
			f, ok := d.(*ast.FuncDecl)
			return ok && f.Name.Name == "main"
		})
		if file.Name.Name != "main" || at < 0 {
			continue
		}
		mains++
		if first := called(file.Decls[at].(*ast.FuncDecl).Body.List[0]); !slices.Equal(first, []string{"app.HideProcess"}) {
			t.Errorf("%s begins with %q", name, first)
		}
	}
	if mains < 9 {
		t.Errorf("only %d programs were found", mains)
	}
}
