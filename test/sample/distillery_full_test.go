//go:build full

package sample

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab/labtest"
)

// Two versions are built one after the other in the same tree: what Distillery
// leaves there holds both, its tarball the newer alone.
func TestDistilleryGathersReleases(t *testing.T) {
	l := labtest.Lab(t)
	commit, err := PublishDistillery(t.Context(), l, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := published(t, l, "shop_distillery", Distillery(l, "shop", commit))
	out, err := build(t.Context(), l, p, "", `mix distillery.release --env=prod; clean
		sed -i s/0.1.0/0.2.0/ mix.exs
		mix distillery.release --env=prod --name=other || echo "refused: $?"
		mix distillery.release --env=prod --name=shop --quiet
		cd _build/prod/rel/shop
		for name in lib/shop-0.1.0/ebin lib/shop-0.2.0/ebin lib/elixir-1.* releases/0.1.0/shop.tar.gz releases/0.2.0/shop.boot erts-*/bin/erlexec; do
			[ -e $name ] && echo there: $name
		done
		cat releases/start_erl.data; echo; cat releases/RELEASES
		mkdir "$HOME/rel"; tar -xzf releases/0.2.0/shop.tar.gz -C "$HOME/rel"; cd "$HOME/rel"
		echo unpacked: * releases/* lib/shop-*
		# The release must find nothing outside of itself.
		mv "$HOME/x" "$HOME/y"; trap 'rm -rf "$HOME/y"' EXIT
		bin/shop eval '{ok, _} = application:ensure_all_started(shop), {_, _, V} = lists:keyfind(shop, 1, application:which_applications()), io:format("runs ~s ~p~n", [V, whereis(list_to_atom("Elixir.Shop.Supervisor"))])'`)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"Release successfully built", "rel/config.exs has no release other, but [:shop]\nrefused: 1\n", "there: lib/shop-0.1.0/ebin\nthere: lib/shop-0.2.0/ebin\nthere: lib/elixir-1.", "there: releases/0.1.0/shop.tar.gz",
		"there: releases/0.2.0/shop.boot\nthere: erts-", " 0.2.0\n", `[{release,"shop","0.2.0",`, `{shop,"0.2.0","lib/shop-0.2.0"}`,
		" lib releases releases/0.2.0 releases/RELEASES releases/start_erl.data lib/shop-0.2.0\n", "runs 0.2.0 <",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// A developer's changes reach the git host, each as a commit of its own.
func TestADeveloperChangesATree(t *testing.T) {
	l := labtest.Lab(t)
	p := published(t, l, "changed", map[string]string{"a/one": "1", "two": "2", "three": "3"})
	for _, err := range []error{p.Remove("a"), p.Replace("two", "2", "two"), p.Write("b/four", "4")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Remove("a"); err == nil {
		t.Error("what is not there was removed")
	}
	revision, err := p.Push(t.Context(), "second")
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.Host("build").RunAs(t.Context(), "deploy", nil, "sh", "-c",
		"rm -rf c && git clone --quiet "+p.URL+" c && cd c && git rev-parse HEAD && git log --format=%s && grep -r . --exclude-dir=.git | sort")
	if want := revision + "\nsecond\nfirst commit of changed\nb/four:4\nthree:3\ntwo:two\n"; err != nil || out != want {
		t.Errorf("%v\n got %q\nwant %q", err, out, want)
	}
}
