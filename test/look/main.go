// Command look makes pictures of Markdown files as GitHub shows them, so that a
// person can look at what Slipway writes into comments and job summaries:
//
//	go run ./test/look -o DIR FILE.md...
//
// GitHub's own renderer and stylesheet make the page, Mermaid draws its charts
// and Chromium takes the picture. A chart that Mermaid cannot read is an error.
//
// It does not know what GitHub's sanitizer takes out of a page, its :emoji:
// names, its alerts, its dark theme, the fonts of whoever reads, or that GitHub
// puts a chart into a frame with buttons.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "look:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var v view
	dir := flag.String("o", ".", "the directory for the pictures")
	flag.BoolVar(&v.Comment, "comment", false, "show the files as comments: smaller, and every line break is kept")
	flag.BoolVar(&v.Open, "open", false, "open what is folded")
	flag.Parse()
	pictures, err := picturesOf(flag.Args(), *dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	if err := installPrograms(ctx); err != nil {
		return err
	}
	if err := fetchPageFiles(ctx, &v); err != nil {
		return err
	}
	return lookAtAll(ctx, v, pictures)
}

// lookAtAll goes on after a file that fails: each says what is wrong with it.
func lookAtAll(ctx context.Context, v view, pictures []picture) error {
	var failed []error
	for _, p := range pictures {
		if err := look(ctx, v, p); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.from, err))
			continue
		}
		fmt.Println(p.to)
	}
	return errors.Join(failed...)
}

// picture is a Markdown file and where its picture goes.
type picture struct{ from, to string }

func picturesOf(files []string, dir string) ([]picture, error) {
	if len(files) == 0 {
		return nil, errors.New("no Markdown files given: go run ./test/look -o DIR FILE.md")
	}
	var pictures []picture
	takenBy := map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".golden"), ".md")
		if other, taken := takenBy[name]; taken {
			return nil, fmt.Errorf("%s and %s would both become %s.png: look at each with another -o", other, file, name)
		}
		takenBy[name] = file
		pictures = append(pictures, picture{from: file, to: filepath.Join(dir, name+".png")})
	}
	return pictures, nil
}
