package main

import (
	"image"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWherePicturesGo(t *testing.T) {
	got, err := picturesOf([]string{"a/fleet.md.golden", "b/other.md"}, "out")
	want := []picture{{"a/fleet.md.golden", "out/fleet.png"}, {"b/other.md", "out/other.png"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := picturesOf([]string{"a/fleet.md.golden", "b/fleet.md"}, "out"); err == nil || !strings.Contains(err.Error(), "fleet.png") {
		t.Errorf("one picture for two files: %v", err)
	}
}

func TestChartsThatAreNotDrawn(t *testing.T) {
	for _, c := range []struct{ dom, says string }{
		{`<!DOCTYPE html><html data-look="{&quot;drawn&quot;:2,&quot;width&quot;:1000}">`, ""},
		{`<!DOCTYPE html><html data-look="{&quot;drawn&quot;:1,&quot;width&quot;:1000}">`, "2 Mermaid charts, but 1"},
		{`<!DOCTYPE html><html data-look="{&quot;failures&quot;:[&quot;chart 1: Parse error&quot;]}">`, "chart 1: Parse error"},
		{`<!DOCTYPE html><html data-look="{&quot;drawn&quot;:2,&quot;width&quot;:980}">`, "980 pixels"},
		{`<!DOCTYPE html><html><body data-look="{}">`, "did not run to its end"},
	} {
		drawn, err := parseResult(c.dom)
		if err == nil {
			err = drawn.check(2)
		}
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.dom, err, c.says)
		}
	}
}

func TestCut(t *testing.T) {
	whole, top := filepath.Join(t.TempDir(), "whole.png"), filepath.Join(t.TempDir(), "top.png")
	from := image.NewRGBA(image.Rect(0, 0, 3, 5))
	from.Set(2, 1, color.White)
	if err := writePNG(whole, from); err != nil {
		t.Fatal(err)
	}
	if err := cut(whole, 2, top); err != nil {
		t.Fatal(err)
	}
	got, err := readPNG(top)
	if err != nil || got.Bounds() != image.Rect(0, 0, 3, 2) {
		t.Fatalf("%v, %v", got, err)
	}
	if r, _, _, _ := got.At(2, 1).RGBA(); r != 0xffff {
		t.Error("the white pixel is gone")
	}
	if err := cut(whole, 6, top); err == nil {
		t.Error("cut more than there is")
	}
}
