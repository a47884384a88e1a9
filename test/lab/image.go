package lab

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
	"iproute2", "nftables", "procps", "curl", "ca-certificates", "python3",
	"dash", "fish", "tcsh",
}

// buildPackages are what a build host has beyond a web host.
var buildPackages = []string{"git", "git-lfs", "openssh-client", "elixir", "erlang-nox", "erlang-dev", "gcc", "make", "libc6-dev", "binutils"}

// ertsPackages name the shared libraries that a release's Erlang runtime needs, as the dependencies of these packages:
// libssl3 or libssl3t64, depending on the distribution.
var ertsPackages = []string{"erlang-base", "erlang-crypto"}

// barePackages are what every installed server has, and no more: all else is setup's to install. Python is there on
// Debian's and Ubuntu's servers, and Ansible needs it.
var barePackages = []string{"systemd", "systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "python3"}

var (
	//go:embed server-setup.sh
	serverSetup string
	//go:embed image-setup.sh
	imageSetup string
)

// An image is a base root file system, read only once it is built; each host has an overlay above one.
type image struct {
	name     string
	packages []string
	releases bool     // whether a release runs on it: it has the libraries of the Erlang runtime, and a deploy user
	offers   []string // packages that its hosts can install, from a repository that lies beside it
}

var (
	webImage   = image{name: "web", packages: webPackages, releases: true}
	buildImage = image{name: "build", packages: slices.Concat(webPackages, buildPackages), releases: true}
	bareImage  = image{name: "bare", packages: barePackages, offers: setupPackages}
)

// imageFor is the image of a host. The git host has the build host's: it needs no more than git.
func imageFor(host string) image {
	switch {
	case isWeb(host):
		return webImage
	case isBare(host):
		return bareImage
	}
	return buildImage
}

// path names everything that the image's content follows from, so that a changed recipe never uses an old image.
func (i image) path(m machine) string {
	recipe := sha256.New()
	for _, part := range [][]string{
		i.packages, i.offers, i.scripts(), {m.distribution, m.codename, runtime.GOARCH, recipeVersion},
	} {
		fmt.Fprintf(recipe, "%q\n", part)
	}
	if i.releases {
		fmt.Fprintf(recipe, "%q\n", ertsPackages)
	}
	return filepath.Join(cacheDir, i.name+"-"+hex.EncodeToString(recipe.Sum(nil))[:16])
}

func (i image) root(m machine) string       { return filepath.Join(i.path(m), "root") }
func (i image) packageDir(m machine) string { return filepath.Join(i.path(m), "packages") }

// scripts run in the image, in this order, before it is cached.
func (i image) scripts() []string {
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

// An imageKit is what all images are built from.
type imageKit struct {
	machine   machine
	dir       string // temporary: sources.list, apt.conf and half-built images
	libraries []string
}

func newImageKit(ctx context.Context, m machine) (*imageKit, error) {
	if _, err := aptGet(ctx, "update"); err != nil {
		return nil, err
	}
	sources, err := aptSources(ctx, m)
	if err != nil {
		return nil, err
	}
	config, err := aptConfig(ctx)
	if err != nil {
		return nil, err
	}
	libraries, err := dependencies(ctx, ertsPackages)
	if err != nil {
		return nil, err
	}
	// Whoever was killed while building left this behind; the cache's lock says that nobody uses it now.
	dir := filepath.Join(cacheDir, "building")
	if err := removeTree(dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	return &imageKit{m, dir, libraries}, errors.Join(
		os.WriteFile(filepath.Join(dir, "sources.list"), []byte(sources), 0o644),
		os.WriteFile(filepath.Join(dir, "apt.conf"), []byte(config), 0o600))
}

func (k *imageKit) remove() error { return removeTree(k.dir) }

// build makes the image, and its repository, beside its place and renames it when it is complete.
func (k *imageKit) build(ctx context.Context, i image) error {
	dir := filepath.Join(k.dir, i.name)
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := k.bootstrap(ctx, i, root); err != nil {
		return fmt.Errorf("build the %s image: %w", i.name, err)
	}
	for _, script := range i.scripts() {
		if _, err := runWithInput(ctx, strings.NewReader(script), "chroot", root, "sh", "-s"); err != nil {
			return fmt.Errorf("set up the %s image: %w", i.name, err)
		}
	}
	if len(i.offers) > 0 {
		if err := k.collectPackages(ctx, i, dir); err != nil {
			return fmt.Errorf("collect the packages that hosts of the %s image can install: %w", i.name, err)
		}
	}
	return os.Rename(dir, i.path(k.machine))
}

func (k *imageKit) bootstrap(ctx context.Context, i image, root string) error {
	packages := i.packages
	if i.releases {
		packages = slices.Concat(packages, k.libraries)
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=minbase",
		"--include="+strings.Join(packages, ","),
		"--aptopt="+filepath.Join(k.dir, "apt.conf"),
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
		k.machine.codename, root, filepath.Join(k.dir, "sources.list"))
	// The death of this process frees the cache's lock: nothing may still be writing into the image then.
	cmd.SysProcAttr = contained()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, err := output(cmd)
	return err
}

// dependencies are the packages that the given ones need directly, without each other.
func dependencies(ctx context.Context, packages []string) ([]string, error) {
	text, err := run(ctx, "apt-cache", append([]string{"depends", "--important"}, packages...)...)
	if err != nil {
		return nil, fmt.Errorf("find the libraries that Erlang needs (on Ubuntu they are in universe): %w", err)
	}
	return parseDepends(text), nil
}

// parseDepends reads what apt-cache depends prints. Of alternatives it takes the first; a virtual package stands in <>.
func parseDepends(text string) []string {
	var names []string
	alternative := false
	for line := range strings.Lines(text) {
		name, isDepends := strings.CutPrefix(strings.TrimSpace(line), "Depends: ")
		name, isFirst := strings.CutPrefix(name, "|Depends: ")
		if !isDepends && !isFirst {
			continue
		}
		second := alternative
		alternative = isFirst
		if !second && !strings.HasPrefix(name, "<") && !strings.HasPrefix(name, "erlang-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
