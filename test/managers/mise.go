package managers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apxr/slipway/test/lab"
)

// InstallMise gives the deploy user the real mise, as ~/.local/bin/mise, and a configuration by which tools come from
// this package's plugins instead of the internet. No plugin is installed yet. The lab needs its git host.
func InstallMise(ctx context.Context, l *lab.Lab, host *lab.Host) error {
	program, err := MiseProgram(ctx)
	if err == nil {
		err = PublishPlugins(ctx, l)
	}
	if err == nil {
		err = write(ctx, host, ".config/mise/config.toml", "644", miseConfig(l))
	}
	if err == nil {
		err = copyProgram(ctx, host, program, ".local/bin/mise")
	}
	if err != nil {
		return fmt.Errorf("install mise on %s: %w", host.Name, err)
	}
	return nil
}

// miseConfig names the plugins. Without it mise has erlang, elixir and node built in, and just from a registry.
// `mise plugins install erlang URL` is not enough: mise then still looks up Erlang's versions on the internet.
func miseConfig(l *lab.Lab) string {
	var config strings.Builder
	config.WriteString("[plugins]\n")
	for _, tool := range Tools {
		fmt.Fprintf(&config, "%s = %q\n", miseName(tool), PluginURL(l, tool))
	}
	return config.String()
}

// miseName is mise's own name for a tool; nodejs in .tool-versions means the same as node.
func miseName(tool string) string {
	if tool == "nodejs" {
		return "node"
	}
	return tool
}

// copyProgram copies a program of this machine into the user's home. It goes by the host's files: a file of 150 MB
// takes its time over SSH.
func copyProgram(ctx context.Context, host *lab.Host, from, name string) error {
	// The user makes the file; root's part is its content.
	if err := write(ctx, host, name, "755", ""); err != nil {
		return err
	}
	root, err := os.OpenRoot(host.Root())
	if err != nil {
		return err
	}
	defer root.Close()
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := root.OpenFile("home/"+user+"/"+name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
