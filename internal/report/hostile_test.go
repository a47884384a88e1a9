package report

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/setup"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

var hostile = []string{
	"a|b", `a\|b`, `a\\|b`, "a\nb", "a\r\n\r\n# b", "a\rb", "<script>alert(1)</script>", "`code` ``` x", "[link](https://evil)", "![img](https://evil)",
	"@team", "@apxr/everyone", "**bold** _it_", "| a | b |\n|---|---|", "```\n# out of the fence\n```", "``````", "~~~\nx", "</details>", `\`, "a\\",
	"-->", "--><h1>x</h1>", "<!-- slipway {}", "#12", "apxr/other#12", "GH-12", "https://evil.example.com/x", "www.evil.com", "%%", "end", "section x :y, 1",
	"a:b;c#d", "\u202egnp.exe", "\u200b", "\x00\x1b[31m", "::error::x", "##[error]x", "x<<EOF\ny\nEOF", "\n\n---\n\n# h", "&lt;b&gt;", "$(id)", "${{ secrets.X }}", "[x]: https://evil",
	"    indented", "- item", "1. item", "> quote", "<details open>", "<!--", "]]>", "\u2028# h", "\xff\xfe",
}

// seen is a Markdown text as GitHub's readers see it.
type seen struct {
	links, html, headings []string
	rows                  [][]int // for each table, the number of cells in each row
	text                  strings.Builder
}

func look(markdown string) *seen {
	source := []byte(markdown)
	s := &seen{}
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			return s.node(n, source), nil
		}
		return ast.WalkContinue, nil
	})
	return s
}

func (s *seen) node(n ast.Node, source []byte) ast.WalkStatus {
	switch n := n.(type) {
	case *ast.Link:
		s.links = append(s.links, string(n.Destination))
	case *ast.Image:
		s.links = append(s.links, "image "+string(n.Destination))
	case *ast.AutoLink:
		s.links = append(s.links, "auto "+string(n.URL(source)))
	case *ast.RawHTML:
		s.html = append(s.html, string(n.Segments.Value(source)))
	case *ast.HTMLBlock:
		s.html = append(s.html, block(n, source))
	case *ast.Heading:
		s.headings = append(s.headings, string(n.Lines().Value(source)))
	case *east.Table:
		var cells []int
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			cells = append(cells, row.ChildCount())
		}
		s.rows = append(s.rows, cells)
	case *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock:
		return ast.WalkSkipChildren
	case *ast.Text:
		s.text.Write(n.Value(source))
		s.text.WriteString("\n")
	}
	return ast.WalkContinue
}

func block(n *ast.HTMLBlock, source []byte) string {
	html := string(n.Lines().Value(source))
	if n.HasClosure() {
		html += string(n.ClosureLine.Value(source))
	}
	return html
}

// live matches what GitHub links in plain text: mentions and references.
var live = regexp.MustCompile(`@[A-Za-z0-9]|#[0-9]|GH-[0-9]`)

// harmless checks that hostile values did not change the structure of a text:
// it has the same number of headings, tables and cells, links only to this
// repository, and no HTML except its own.
func harmless(t *testing.T, what, markdown string, plain *seen) {
	t.Helper()
	got := look(markdown)
	bad := func(format string, args ...any) {
		t.Errorf("%s: %s in\n%s", what, fmt.Sprintf(format, args...), markdown)
	}
	for _, link := range got.links {
		if !strings.HasPrefix(link, place.Repository+"/") {
			bad("a link to %s", link)
		}
	}
	for _, html := range got.html {
		if !strings.HasPrefix(html, Marker) && !strings.HasPrefix(html, "<details") && strings.TrimSpace(html) != "</details>" {
			bad("HTML %q", html)
		}
		if strings.HasPrefix(html, Marker) && strings.Count(html, "-->") != 1 || strings.HasPrefix(html, "<details") && !ownFold.MatchString(html) {
			bad("more than was meant in %q", html)
		}
	}
	if len(got.html) != len(plain.html) || len(got.headings) != len(plain.headings) || fmt.Sprint(got.rows) != fmt.Sprint(plain.rows) {
		bad("%d HTML, %d headings, tables %v, and not %d, %d, %v", len(got.html), len(got.headings), got.rows, len(plain.html), len(plain.headings), plain.rows)
	}
	if found := live.FindString(pullLinks.ReplaceAllString(got.text.String(), "")); found != "" {
		bad("%q is alive", found)
	}
}

var ownFold = regexp.MustCompile(`^<details(?: open)?><summary>[A-Za-z ]+(?:<code>[^<]*</code>)?</summary>\n$`)

// pullLinks matches the texts of links to pull requests.
var pullLinks = regexp.MustCompile(`(?m)^#[0-9]+$`)

// texts returns everything that Slipway writes on GitHub, with a value in each
// place that can come from outside.
func texts(v string) map[string]string {
	broken := phased(host.Result{Host: v, Outcome: host.Failed, Before: release.ID(v), After: release.ID(v), Problem: v, Proof: v, UnitLog: []string{v, v}},
		host.Phase{Name: "stage", Took: time.Second})
	live := broken
	live.Outcome, live.Problem = host.Live, ""
	r := rollout.Result{
		Verb: release.Deploy, Became: rollout.BecamePartial, Target: release.ID(v), Version: v, Revision: v, Ref: v, Notice: v, Plan: []string{v},
		Previous: rollout.Version{ID: "x" + release.ID(v), Version: v, Revision: v}, Hosts: []host.Result{broken, live},
	}
	r.Running = rollout.Running{Version: rollout.Version{ID: release.ID(v)}, Hosts: 1}
	p := place
	p.Environment = v
	m := built()
	m.App, m.Version, m.Elixir, m.OTP, m.Revision = v, v, v, v, v
	row := Row{App: "apxr/apxr_io", Environment: v + "x", State: StateLive, ReleaseID: string(r2), Version: v, Revision: v, At: at, Who: v, Run: v}
	first := CommentBody(nil, row, place, at0.Add(4*time.Hour))
	row.Environment, row.State, row.Instead, row.InsteadVersion = v+"y", StateGone, string(r1), v
	task := setup.Task{Name: v, Role: v, Status: setup.TaskChanged, Message: v, Diff: []setup.Diff{{Header: v, Before: v + "\nx\n", After: "x\n" + v}}}
	bad := setup.Task{Name: v, Status: setup.TaskFailed, Message: v}
	prepared := setup.Result{Check: true, Hosts: []setup.Host{{Name: v, Outcome: setup.Failed, Changed: 1, Tasks: []setup.Task{task, bad}}}}
	return map[string]string{
		"setup": Setup{prepared, Ended{errors.New(v)}}.Markdown(p), "cancelled": Setup{setup.Result{Cancelled: true, Hosts: prepared.Hosts}, Ended{errors.New(v)}}.Markdown(p),
		"summary": went(r, errors.New(v+"\nmore")).Markdown(p), "build": Build{Made: &m, Phases: []Phase{{v, 1}}, Kept: v}.Markdown(p), "failure": Failure{"deploy", Ended{errors.New(v)}}.Markdown(p),
		"comment": CommentBody([]string{first, v, Marker + v}, row, place, at0.Add(4*time.Hour)),
		"pulls":   Pulls{Live: []int{1}, Notes: []string{v}}.Markdown(place),
	}
}

func TestNoValueBreaksTheMarkdown(t *testing.T) {
	plain := map[string]*seen{}
	for name, text := range texts("plain") {
		plain[name] = look(text)
	}
	if len(plain["summary"].rows) != 2 || len(plain["comment"].rows) != 1 || len(plain["comment"].rows[0]) != 3 || len(plain["summary"].html) < 4 {
		t.Fatalf("this test sees less than it should: %+v %+v", plain["summary"], plain["comment"])
	}
	values := hostile
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		v := ""
		for range 1 + random.IntN(4) {
			v += hostile[random.IntN(len(hostile))]
		}
		values = append(values, v)
	}
	for _, v := range values {
		for name, text := range texts(v) {
			harmless(t, fmt.Sprintf("%s, %q", name, v), text, plain[name])
		}
	}
}
