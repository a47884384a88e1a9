package lab

import (
	"slices"
	"strings"
	"testing"
)

func TestParseOSRelease(t *testing.T) {
	m, err := parseOSRelease("NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_CODENAME=\"noble\"\n")
	if want := (machine{"ubuntu", "noble"}); err != nil || m != want {
		t.Errorf("got %v, %v, want %v", m, err, want)
	}
	for _, text := range []string{"ID=fedora\nVERSION_CODENAME=x\n", "ID=debian\n", ""} {
		if m, err := parseOSRelease(text); err == nil {
			t.Errorf("%q: accepted as %v", text, m)
		}
	}
}

func TestOnlyTheDistributionsOwnSourcesAreTaken(t *testing.T) {
	const targets = `http://a.test/debian/ bookworm main Debian
http://a.test/debian/ bookworm-updates main Debian
http://a.test/debian/ bookworm-updates contrib Debian
http://a.test/debian/ bookwormish main Debian
http://a.test/debian/ trixie main Debian
http://third.test/repo/ bookworm stable Third
http://never.updated.test/ bookworm main
`
	got := distributionSources(targets, machine{"debian", "bookworm"}, "/k.gpg")
	const want = `deb [signed-by=/k.gpg] http://a.test/debian/ bookworm main
deb [signed-by=/k.gpg] http://a.test/debian/ bookworm-updates main
deb [signed-by=/k.gpg] http://a.test/debian/ bookworm-updates contrib
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSourcesOfAnotherSuite(t *testing.T) {
	const sources = "deb [signed-by=/k] http://a.test/bookworm/ bookworm main contrib\ndeb http://a.test/ bookworm-security main\n"
	const want = "deb [signed-by=/k] http://a.test/bookworm/ bullseye main contrib\n"
	if got := sourcesOfSuite(sources, "bookworm", "bullseye"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := sourcesOfSuite(sources, "bookworm", "bookworm"); got != sources {
		t.Errorf("the same suite: got\n%s", got)
	}
}

func TestParseDepends(t *testing.T) {
	const text = `erlang-crypto
  Depends: erlang-base
  Depends: libssl3t64
erlang-base
 |Depends: libsystemd0
  Depends: libelogind0
  Depends: <virtual>
  Depends: zlib1g
    zlib1g-alternative
`
	want := []string{"libssl3t64", "libsystemd0", "zlib1g"}
	if got := parseDepends(text); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHostNames(t *testing.T) {
	for _, test := range []struct {
		opts Options
		want string // empty: refused
	}{
		{Options{}, "build git web1 web2"},
		{Options{Web: 3}, "build git web1 web2 web3"},
		{Options{Hosts: []string{"web7"}}, "web7"},
		{Options{Hosts: []string{"bare1", "bare8"}}, "bare1 bare8"},
		{Options{Hosts: []string{"bare9"}}, ""},
		{Options{Hosts: []string{"bare1", "web1"}, Suites: map[string]string{"bare1": "bullseye"}}, "bare1 web1"},
		{Options{Web: 1, Suites: map[string]string{"web1": "noble"}}, "build git web1"},
		{Options{Web: 1, Suites: map[string]string{"web2": "noble"}}, ""},
		{Options{Hosts: []string{"bare1"}, Suites: map[string]string{"bare2": "bullseye"}}, ""},
		{Options{Hosts: []string{"bare1"}, Suites: map[string]string{"bare1": "../x"}}, ""},
		{Options{Web: 1, Bare: 2}, "build git web1 bare1 bare2"},
		{Options{Web: 201}, ""},
		{Options{Bare: 9}, ""},
		{Options{Hosts: []string{"web0"}}, ""},
		{Options{Hosts: []string{"web201"}}, ""},
		{Options{Hosts: []string{"db"}}, ""},
		{Options{Hosts: []string{"git", "git"}}, ""},
	} {
		names, err := test.opts.hostNames()
		if got := strings.Join(names, " "); (err == nil) != (test.want != "") || (err == nil && got != test.want) {
			t.Errorf("%+v: got %q, %v, want %q", test.opts, got, err, test.want)
		}
	}
}

func TestMountsOfOtherLabsAreLeftAlone(t *testing.T) {
	const mountinfo = `1 0 0:1 / / rw - ext4 /dev/vda rw
2 1 0:2 / /var/lib/slipway-lab/7/web1/root rw - overlay overlay rw
3 1 0:3 / /var/lib/slipway-lab/70/web1/root rw - overlay overlay rw
4 1 0:4 / /run/systemd/nspawn/unix-export/slab7-web1 rw - tmpfs tmpfs rw
5 1 0:5 / /run/systemd/nspawn/unix-export/slab70-web1 rw - tmpfs tmpfs rw
6 1 0:6 / /run/netns/slab7-web1 rw - nsfs nsfs rw
`
	want := []string{"/var/lib/slipway-lab/7/web1/root", "/run/systemd/nspawn/unix-export/slab7-web1"}
	got := slices.DeleteFunc(mountPoints(mountinfo), func(point string) bool { return !isMountOf(7, point) })
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestImagePathFollowsFromTheRecipe(t *testing.T) {
	m := machine{"debian", "bookworm"}
	path := webImage.path(m)
	if path != webImage.path(m) {
		t.Error("the same recipe has two paths")
	}
	for _, other := range []string{
		buildImage.path(m),
		webImage.path(machine{"debian", "trixie"}),
		image{name: "web", packages: append([]string{"fish"}, webPackages...), releases: true}.path(m),
		image{name: "web", packages: webPackages, releases: true, offers: []string{"fish"}}.path(m),
		image{name: "web", packages: webPackages}.path(m),
		imageFor("bare1", "bullseye").path(m),
		imageFor("bare1", "").path(m),
	} {
		if other == path {
			t.Errorf("another recipe has the same path %s", path)
		}
	}
}

func TestPrepareAppRefusesWhatSudoersWouldMisread(t *testing.T) {
	good := App{Org: "apxr", Name: "apxr_io", Port: 4001, Unit: "apxr_io.service"}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*App){
		func(a *App) { a.Org = "../etc" },
		func(a *App) { a.Name = "a b" },
		func(a *App) { a.Name = "" },
		func(a *App) { a.Port = 0 },
		func(a *App) { a.Unit = "a*.service" },
		func(a *App) { a.Unit = "a.service, ALL" },
	} {
		app := good
		change(&app)
		if err := app.check(); err == nil {
			t.Errorf("accepted %+v", app)
		}
	}
}

// Hosts with more packages have an image of their own, and only web hosts do.
func TestMorePackagesMakeAnotherImage(t *testing.T) {
	m := machine{"debian", "bookworm"}
	if more := imageFor("web1", "").with([]string{"git"}); more.path(m) == webImage.path(m) || !slices.Contains(more.packages, "git") {
		t.Errorf("web1 has the image %s with %q", more.path(m), more.packages)
	}
	if slices.Contains(webImage.packages, "git") {
		t.Error("other labs' web hosts have them too")
	}
	for name, want := range map[string]image{"build": buildImage, "bare1": bareImage, "web1": webImage} {
		more := []string{"git"}
		if name == "web1" {
			more = nil
		}
		if got := imageFor(name, "").with(more); got.path(m) != want.path(m) {
			t.Errorf("%s has the image %s, want %s", name, got.path(m), want.path(m))
		}
	}
}
