package managers

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/apxr/slipway/test/lab"
)

// A Generation of asdf. The two differ in how they are installed, in their commands and in how they fail.
type Generation string

const (
	// Classic is asdf until 0.15: shell scripts in ~/.asdf, of which ~/.asdf/asdf.sh is to be sourced.
	Classic Generation = "classic"
	// Rewrite is asdf since 0.16: one program, here in ~/.local/bin.
	Rewrite Generation = "rewrite"
)

//go:embed standin
var standin embed.FS

// InstallAsdf gives the deploy user the stand-in for asdf, without any plugin. Nothing of it is on the PATH yet.
// `asdf plugin add NAME` knows the short names of Tools. The lab needs its git host.
func InstallAsdf(ctx context.Context, l *lab.Lab, host *lab.Host, generation Generation) error {
	program, err := standinProgram(generation)
	if err != nil {
		return err
	}
	var shortNames strings.Builder
	for _, tool := range Tools {
		fmt.Fprintln(&shortNames, tool, PluginURL(l, tool))
	}
	err = errors.Join(
		PublishPlugins(ctx, l),
		write(ctx, host, ".asdf/short-names", "644", shortNames.String()),
		write(ctx, host, asdfPath[generation], "755", program))
	if generation == Classic {
		err = errors.Join(err, writeAsdfSh(ctx, host))
	}
	if err != nil {
		return fmt.Errorf("install asdf (%s) on %s: %w", generation, host.Name, err)
	}
	return nil
}

var asdfPath = map[Generation]string{Classic: ".asdf/bin/asdf", Rewrite: ".local/bin/asdf"}

func writeAsdfSh(ctx context.Context, host *lab.Host) error {
	text, err := standin.ReadFile("standin/asdf.sh")
	if err != nil {
		return err
	}
	return write(ctx, host, ".asdf/asdf.sh", "644", string(text))
}

// standinProgram joins the parts into the one file that asdf is since 0.16.
func standinProgram(generation Generation) (string, error) {
	if asdfPath[generation] == "" {
		return "", fmt.Errorf("there is no asdf %q: it is classic or rewrite", generation)
	}
	parts, err := standin.ReadDir("standin")
	if err != nil {
		return "", err
	}
	program := "#!/usr/bin/env bash\nGENERATION=" + string(generation) + "\n"
	for _, part := range parts { // in the order of their names
		if path.Ext(part.Name()) != ".bash" {
			continue
		}
		text, err := standin.ReadFile("standin/" + part.Name())
		if err != nil {
			return "", err
		}
		program += string(text) + "\n"
	}
	return program, nil
}
