//go:build full

package sample

import (
	"context"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// clone gets a project as a build does. The lock file and what git ignores must
// be right: the tree is as clean after a build as before.
const clone = `set -eu
exec 2>&1
export MIX_ENV=prod
rm -rf "$HOME/x" "$HOME/rel"
git clone --quiet "$URL" "$HOME/x"
cd "$HOME/x/$DIR"
mix deps.get --only prod
clean() { [ -z "$(git status --porcelain)" ] || { git status; exit 1; }; }
release() { mix release "$@" --path "$HOME/rel"; clean; }
`

// build runs a script on the build host, after clone, in a directory of the project and returns all it printed.
func build(ctx context.Context, l *lab.Lab, p *Project, dir, script string) (string, error) {
	return l.Host("build").RunAs(ctx, "deploy", nil, "env", "URL="+p.URL, "DIR="+dir, "sh", "-c", clone+script)
}

const subdirectory = "services/shop"

func TestProjectsBuild(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  map[string]string
		script string
		want   string // among what the script prints
	}{
		{"plain", Plain("shop_plain"), `release
			"$HOME/rel/bin/shop_plain" eval '{:ok, _} = Application.ensure_all_started(:shop_plain); IO.inspect(Process.whereis(ShopPlain.Supervisor))'
			ls -d "$HOME"/rel/erts-*`, "#PID<"},
		{"tar", WithTar("shop"), `release; tar -tzf "$HOME/rel/shop-0.1.0.tar.gz"`, "bin/shop\n"},
		{"no_releases", NoReleases("shop"), `release; ls "$HOME/rel/bin"`, "\nshop\n"},
		{"several_releases", SeveralReleases("shop"), `release web; release worker --overwrite; ls "$HOME/rel/bin" | xargs`, "\nweb web.bat worker worker.bat\n"},
		{"umbrella", Umbrella("all", "till", "stock"), `release; ls "$HOME/rel/bin"; ls "$HOME/rel/lib" | grep -e till -e stock | xargs`, "\nall\nall.bat\nstock-0.1.0 till-0.1.0\n"},
		{"subdirectory", Subdirectory("shop", subdirectory), `cat "$HOME/x/README.md"; release; ls "$HOME/rel/bin"`, "\nshop\n"},
		{"nif", WithNIF("shop"), `release; "$HOME/rel/bin/shop" eval 'IO.puts("3 is #{Shop.Native.add(1, 2)}")'`, "3 is 3\n"},
		{"assets", WithAssets("shop"), `printf 'alert(1)' >priv/static/app.js; release; cat "$HOME"/rel/lib/shop-0.1.0/priv/static/app.js`, "alert(1)"},
		{"env", EnvReader("shop"), `CANARY=tweet release`, "CANARY is set\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := labtest.Lab(t)
			p := published(t, l, c.name, c.files)
			dir := ""
			if c.name == "subdirectory" {
				dir = subdirectory
			}
			out, err := build(t.Context(), l, p, dir, c.script)
			if err != nil || !strings.Contains(out, c.want) {
				t.Errorf("%v\nwant %q in\n%s", err, c.want, out)
			}
		})
	}
}

func TestProjectsThatDoNotBuild(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"several_undecided", SeveralReleases("shop"), "without a name but there are multiple releases"},
		{"umbrella_without", UmbrellaWithoutReleases("till", "stock"), "Umbrella projects require releases to be explicitly defined"},
		{"broken_compile", BrokenCompile("shop"), "undefined function no_such_function/0"},
		{"bad_mix_exs", BadMixExs("shop"), "(SyntaxError) mix.exs:"},
		{"without_mix_exs", WithoutMixExs("shop"), "Could not find a Mix.Project"},
		{"assets_missing", WithAssets("shop"), "priv/static/app.js"},
		{"env_missing", EnvReader("shop"), "CANARY is not set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := labtest.Lab(t)
			p := published(t, l, c.name, c.files)
			out, err := build(t.Context(), l, p, "", "release; echo built")
			if err == nil || !strings.Contains(out, c.want) || strings.Contains(out, "built") {
				t.Errorf("%v\nwant %q in\n%s", err, c.want, out)
			}
		})
	}
}

func published(t *testing.T, l *lab.Lab, repo string, files map[string]string) *Project {
	t.Helper()
	p, err := PublishTree(t.Context(), l, t.TempDir(), repo, files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
