package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// onGitHub begins links into this repository from forms, which GitHub shows
// elsewhere.
const onGitHub = "https://github.com/apxr/slipway/blob/main/"

// notOurs lists directories whose pages others wrote, or programs.
var notOurs = []string{".git", "testdata", "look", "deps", "_build"}

func TestLinksLeadSomewhere(t *testing.T) {
	pages := pagesBelow(t, ".")
	if len(pages) < 20 {
		t.Fatalf("found only %d pages", len(pages))
	}
	for _, page := range pages {
		for _, link := range links(t, page) {
			if err := follow(t, page, link); err != nil {
				t.Errorf("%s links to %s: %v", page, link, err)
			}
		}
	}
}

func pagesBelow(t *testing.T, top string) []string {
	t.Helper()
	var pages []string
	err := fs.WalkDir(os.DirFS(top), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains(notOurs, entry.Name()) {
			return fs.SkipDir
		}
		if path.Ext(name) == ".md" || strings.HasPrefix(name, ".github/ISSUE_TEMPLATE/") {
			pages = append(pages, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var inForm = regexp.MustCompile(regexp.QuoteMeta(onGitHub) + `[^\s)]+`)

// links returns the targets of all links and pictures of a page.
func links(t *testing.T, page string) []string {
	t.Helper()
	if path.Ext(page) != ".md" {
		return inForm.FindAllString(read(t, page), -1)
	}
	var found []string
	walk(t, parse(t, page), func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Link:
			found = append(found, string(n.Destination))
		case *ast.Image:
			found = append(found, string(n.Destination))
		}
	})
	return found
}

// follow returns an error if a link into this repository leads to no file, or
// to no heading of a page.
func follow(t *testing.T, page, link string) error {
	t.Helper()
	own, inside := strings.CutPrefix(link, onGitHub)
	if !inside && strings.Contains(link, "://") {
		return nil
	}
	name, heading, _ := strings.Cut(own, "#")
	target := path.Join(path.Dir(page), name)
	if inside {
		target = path.Clean(name)
	}
	if name == "" {
		target = page
	}
	if _, err := os.Stat(target); err != nil {
		return err
	}
	if heading != "" && !slices.Contains(headings(t, target), heading) {
		return fmt.Errorf("there is no such heading")
	}
	return nil
}

func headings(t *testing.T, page string) []string {
	t.Helper()
	var found []string
	walk(t, parse(t, page), func(n ast.Node) {
		if id, ok := n.AttributeString("id"); ok && n.Kind() == ast.KindHeading {
			found = append(found, string(id.([]byte)))
		}
	})
	return found
}

func parse(t *testing.T, page string) ast.Node {
	t.Helper()
	md := goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	ids := parser.NewContext(parser.WithIDs(&anchors{seen: map[string]int{}}))
	return md.Parser().Parse(text.NewReader([]byte(read(t, page))), parser.WithContext(ids))
}

func walk(t *testing.T, top ast.Node, visit func(ast.Node)) {
	t.Helper()
	err := ast.Walk(top, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// anchors names headings as GitHub does, which keeps underscores and drops
// what goldmark makes hyphens of.
type anchors struct{ seen map[string]int }

// Generate returns the anchor of a heading.
func (a *anchors) Generate(heading []byte, _ ast.NodeKind) []byte {
	id := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, string(heading))
	n := a.seen[id]
	a.seen[id]++
	if n > 0 {
		id = fmt.Sprintf("%s-%d", id, n)
	}
	return []byte(id)
}

// Put counts an anchor that a page sets itself.
func (a *anchors) Put(id []byte) { a.seen[string(id)]++ }

var sourceFile = regexp.MustCompile(`^[a-z/_.-]+\.(go|sh)$`)

// The walks name many files, and files are renamed.
func TestFilesThatTheWalksNameExist(t *testing.T) {
	sources := sourcesBelow(t, ".")
	for _, page := range []string{"docs/architecture.md", "docs/internals.md", "CONTRIBUTING.md"} {
		text := []byte(read(t, page))
		walk(t, parse(t, page), func(n ast.Node) {
			if n.Kind() != ast.KindCodeSpan {
				return
			}
			name := string(n.FirstChild().(*ast.Text).Segment.Value(text))
			if sourceFile.MatchString(name) && !strings.Contains(sources, "/"+name+"\n") {
				t.Errorf("%s names %s, and there is no such file", page, name)
			}
		})
	}
}

func sourcesBelow(t *testing.T, top string) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(top), ".", func(name string, _ fs.DirEntry, err error) error {
		all.WriteString("/" + name + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
