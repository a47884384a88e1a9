package managers

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/apxr/slipway/test/lab"
)

//go:embed plugins
var plugins embed.FS

// Tools are those for which there is a plugin.
var Tools = []string{"erlang", "elixir", "nodejs", "just"}

// PluginURL is a plugin's repository for the lab's hosts, on the git host.
func PluginURL(l *lab.Lab, tool string) string { return l.GitURL(pluginRepo(tool)) }

func pluginRepo(tool string) string { return "asdf-" + tool }

// published are the labs that have the plugins.
var published sync.Map

// PublishPlugins puts the plugins of all tools on the git host, once for each lab. The Install functions do it.
func PublishPlugins(ctx context.Context, l *lab.Lab) error {
	if _, done := published.Load(l); done {
		return nil
	}
	for _, tool := range Tools {
		if err := publishPlugin(ctx, l, tool); err != nil {
			return fmt.Errorf("publish the plugin of %s: %w", tool, err)
		}
	}
	published.Store(l, true)
	return nil
}

// publishPlugin makes a plugin of what all have in common and what is the tool's own.
func publishPlugin(ctx context.Context, l *lab.Lab, tool string) error {
	dir, err := os.MkdirTemp("", "slipway-plugin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	src, repo := filepath.Join(dir, "src"), filepath.Join(dir, "repo")
	for _, part := range []string{"common", tool} {
		if err := copyPlugin(path.Join("plugins", part), src); err != nil {
			return err
		}
	}
	if _, err := lab.CommitDir(ctx, src, repo, pluginRepo(tool), time.Unix(1700000000, 0)); err != nil {
		return err
	}
	return l.PublishRepo(ctx, repo, pluginRepo(tool))
}

// copyPlugin writes embedded files, which have lost their mode, below dir.
func copyPlugin(from, dir string) error {
	return fs.WalkDir(plugins, from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if entry.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		data, err := plugins.ReadFile(name)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if path.Base(path.Dir(name)) == "bin" {
			mode = 0o755
		}
		return os.WriteFile(to, data, mode)
	})
}
