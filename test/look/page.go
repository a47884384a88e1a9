package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"strings"
)

// view is how files are shown, and the paths of what that needs.
type view struct {
	Comment bool // as in a comment
	Open    bool // with what is folded
	Style   string
	Mermaid string
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is a file as a page of its own, which draws its charts when a browser opens it.
type page struct {
	view
	Body   template.HTML
	charts int
}

func newPage(ctx context.Context, v view, file string) (page, error) {
	// The same extensions as on GitHub, which also takes HTML in Markdown.
	args := []string{"--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tagfilter", "-e", "tasklist"}
	if v.Comment {
		args = append(args, "--hardbreaks")
	}
	text, err := os.Open(file)
	if err != nil {
		return page{}, err
	}
	defer text.Close()
	cmark := exec.CommandContext(ctx, "cmark-gfm", args...)
	cmark.Stdin = text
	html, err := output(cmark)
	if err != nil {
		return page{}, err
	}
	charts := strings.Count(html, `<code class="language-mermaid">`)
	return page{view: v, Body: template.HTML(html), charts: charts}, nil
}

func (p page) write(path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return pageTemplate.Execute(file, p)
}

// output is what a program prints. What it says of errors is in the error.
func output(cmd *exec.Cmd) (string, error) {
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Args[0], err, strings.TrimSpace(said.String()))
	}
	return string(out), nil
}
