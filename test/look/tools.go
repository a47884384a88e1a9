package main

import (
	"context"
	"log"
	"os"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/npm"
)

var stylesheet = npm.Package{
	Name:      "github-markdown-css",
	Version:   "5.9.0",
	Integrity: "sha512-tmT5sY+zvg2302XLYEfH2mtkViIM1SWf2nvYoF5N1ZsO0V6B2qZTiw3GOzw4vpjLygK/KG35qRlPFweHqfzz5w==",
}

// mermaid is of the version that GitHub has: a Mermaid block with the one word "info" in it shows which that is.
var mermaid = npm.Package{
	Name:      "mermaid",
	Version:   "11.17.2",
	Integrity: "sha512-V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
}

// fonts are packages with no program in them. Without the first, emoji are empty boxes; without the second, text is
// wider than for most people who read it.
var fonts = map[string]string{
	"/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf":               "fonts-noto-color-emoji",
	"/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf": "fonts-liberation",
}

func installPrograms(ctx context.Context) error {
	packages := map[string]string{"chromium": "chromium", "cmark-gfm": "cmark-gfm"}
	for file, pkg := range fonts {
		if _, err := os.Stat(file); err != nil {
			packages[file] = pkg
		}
	}
	return lab.InstallMissing(ctx, packages, log.Printf)
}

// fetchPageFiles gets what every page needs: 18 MB when a machine does it first.
func fetchPageFiles(ctx context.Context, v *view) (err error) {
	if v.Style, err = stylesheet.Fetch(ctx, "github-markdown-light.css", "github-markdown-light-"+stylesheet.Version+".css", 0o644); err != nil {
		return err
	}
	v.Mermaid, err = mermaid.Fetch(ctx, "dist/mermaid.min.js", "mermaid-"+mermaid.Version+".min.js", 0o644)
	return err
}
