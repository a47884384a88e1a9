package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// look takes a file's picture.
func look(ctx context.Context, v view, p picture) (err error) {
	dir, err := os.MkdirTemp("", "look-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	shown, err := newPage(ctx, v, p.from)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "page.html")
	if err := shown.write(path); err != nil {
		return err
	}
	dom, err := chromium(ctx, path, width, "--dump-dom")
	if err != nil {
		return err
	}
	drawn, err := parseResult(dom)
	if err != nil {
		return err
	}
	if err := drawn.check(shown.charts); err != nil {
		return err
	}
	return takePicture(ctx, path, int(math.Ceil(drawn.Height)), p.to)
}

// result is what a page says of itself when its charts are drawn.
type result struct {
	Failures []string
	Drawn    int
	Width    int
	Height   float64
}

// resultAttribute is at the very start of a page, where no Markdown can stand.
var resultAttribute = regexp.MustCompile(`^<!DOCTYPE html>\s*<html data-look="([^"]*)"`)

func parseResult(dom string) (result, error) {
	found := resultAttribute.FindStringSubmatch(dom)
	if found == nil {
		return result{}, fmt.Errorf("the page's script did not run to its end in Chromium: the page starts with %.100q", dom)
	}
	var r result
	err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &r)
	return r, err
}

func (r result) check(charts int) error {
	if len(r.Failures) > 0 {
		return fmt.Errorf("its Mermaid charts cannot be drawn:\n%s", strings.Join(r.Failures, "\n"))
	}
	if r.Drawn != charts {
		return fmt.Errorf("it has %d Mermaid charts, but %d are drawn", charts, r.Drawn)
	}
	if r.Width != width {
		return fmt.Errorf("the page is %d pixels wide in Chromium, not %d: ask it for another width", r.Width, width)
	}
	return nil
}

// takePicture takes more than the page and cuts it: how much of a window is page differs between versions of Chromium.
func takePicture(ctx context.Context, path string, height int, to string) error {
	whole := filepath.Join(filepath.Dir(path), "whole.png")
	if _, err := chromium(ctx, path, height+frame, "--screenshot="+whole); err != nil {
		return err
	}
	return cut(whole, height, to)
}
