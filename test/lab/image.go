package lab

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

const (
	cacheDir = "/var/cache/slipway-lab"
	// recipeVersion is raised when images must be built anew although neither packages nor the set-up script changed.
	recipeVersion = "2"
)

// webPackages make a web server as Debian and Ubuntu install it, and the login shells that people give a deploy user.
// There is no Erlang and no Elixir: a release has to bring its own.
var webPackages = []string{
	"systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "sudo",
	"iproute2", "nftables", "procps", "curl", "ca-certificates", "python3", "zstd",
	"dash", "fish", "tcsh",
}

// buildPackages are what a build host has beyond a web host.
var buildPackages = []string{"git", "git-lfs", "openssh-client", "elixir", "erlang-nox", "erlang-dev", "rebar3", "gcc", "make", "libc6-dev", "binutils"}

// ertsPackages name the shared libraries that a release's Erlang runtime needs, as the dependencies of these packages:
// libssl3 or libssl3t64, depending on the distribution.
var ertsPackages = []string{"erlang-base", "erlang-crypto"}

// barePackages are what every installed server has, and no more: all else is setup's to install. Python is there on
// Debian's and Ubuntu's servers, and Ansible needs it. Ubuntu's apt is no required package.
var barePackages = []string{"apt", "systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "python3"}

var (
	//go:embed server-setup.sh
	serverSetup string
	//go:embed image-setup.sh
	imageSetup string
)

// purgeErlang leaves the libraries.
const purgeErlang = "dpkg --purge $(dpkg-query --show --showformat '${Package}\n' 'erlang-*')"

// An image is a base root file system, read only once it is built; each host has an overlay above one.
type image struct {
	name     string
	packages []string
	releases bool     // whether a release runs on it: it has the libraries of the Erlang runtime, and a deploy user
	offers   []string // packages that its hosts can install, from a repository that lies beside it
	suite    string   // where it is another release of the distribution than the machine's
	// withoutErlang says that Erlang was installed for the libraries that it needs, and has to go.
	withoutErlang bool
}

var (
	webImage   = image{name: "web", packages: webPackages, releases: true}
	buildImage = image{name: "build", packages: slices.Concat(webPackages, buildPackages), releases: true}
	bareImage  = image{name: "bare", packages: barePackages, offers: slices.Concat(setupPackages, ownPackages)}
)

// newerSuites are newer than Debian 12, and have an Ansible that setup can use.
var newerSuites = []string{"trixie", "noble", "resolute"}

// imageFor is the image of a host. The git host has the build host's: it needs no more than git.
func imageFor(host, suite string) image {
	switch {
	case isWeb(host):
		return webImage.of(suite)
	case isBare(host) && suite != "":
		other := bareImage
		other.name, other.suite = "bare-"+suite, suite
		if !slices.Contains(newerSuites, suite) {
			other.offers = setupPackages
			// Installers of releases before Debian 12 make /bin a link to /usr/bin, but no package requires it.
			other.packages = append(slices.Clone(barePackages), "usrmerge")
		}
		return other
	case isBare(host):
		return bareImage
	}
	return buildImage.of(suite)
}

// of returns the image of another release of a distribution, as that is by default: its own sudo and coreutils.
func (i image) of(suite string) image {
	if suite == "" {
		return i
	}
	i.packages = slices.Concat(i.packages, ertsPackages)
	if suite == "resolute" {
		i.packages = append(i.packages, "sudo-rs", "coreutils-from-uutils")
	}
	i.withoutErlang = i.name == webImage.name
	i.name, i.suite = i.name+"-"+suite, suite
	return i
}

// with returns the image with more packages, if it is that of web hosts.
func (i image) with(packages []string) image {
	if i.name == webImage.name {
		i.packages = slices.Concat(i.packages, packages)
	}
	return i
}

// path names everything that the image's content follows from, so that a changed recipe never uses an old image.
func (i image) path(m machine) string {
	recipe := sha256.New()
	for _, part := range [][]string{
		i.packages, i.offers, i.scripts(), {m.distribution, i.codename(m), runtime.GOARCH, recipeVersion},
	} {
		fmt.Fprintf(recipe, "%q\n", part)
	}
	if i.releases {
		fmt.Fprintf(recipe, "%q\n", ertsPackages)
	}
	return filepath.Join(cacheDir, i.name+"-"+hex.EncodeToString(recipe.Sum(nil))[:16])
}

func (i image) codename(m machine) string { return cmp.Or(i.suite, m.codename) }

func (i image) root(m machine) string       { return filepath.Join(i.path(m), "root") }
func (i image) packageDir(m machine) string { return filepath.Join(i.path(m), "packages") }

// scripts run in the image, in this order, before it is cached.
func (i image) scripts() []string {
	if i.withoutErlang {
		return []string{purgeErlang, serverSetup, imageSetup}
	}
	if i.releases {
		return []string{serverSetup, imageSetup}
	}
	return []string{imageSetup}
}

func (i image) String() string { return i.name }

func (i image) exists(m machine) bool {
	_, err := os.Stat(i.path(m))
	return err == nil
}

// ensureImages builds the images that are not there yet, at the same time.
func ensureImages(ctx context.Context, m machine, images []image, log func(format string, args ...any)) error {
	have := func(i image) bool { return i.exists(m) }
	if !slices.ContainsFunc(images, func(i image) bool { return !have(i) }) {
		return nil
	}
	return withCacheLock(ctx, func() (err error) {
		missing := slices.DeleteFunc(slices.Clone(images), have)
		if len(missing) == 0 {
			return nil
		}
		kit, err := newImageKit(ctx, m)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, kit.remove()) }()
		log("building base images (once, about a minute): %v", missing)
		return forEach(ctx, missing, kit.build)
	})
}

// withCacheLock lets one process at a time build images or install packages.
func withCacheLock(ctx context.Context, do func() error) error {
	lock, err := waitLock(ctx, filepath.Join(cacheDir, "lock"))
	if err != nil {
		return err
	}
	return errors.Join(do(), lock.Close())
}
