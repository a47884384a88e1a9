package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// An imageKit is what all images are built from.
type imageKit struct {
	machine   machine
	dir       string // temporary: apt.conf, sources lists and half-built images
	sources   string // the machine's, as lines of sources.list
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
	return &imageKit{m, dir, sources, libraries}, os.WriteFile(filepath.Join(dir, "apt.conf"), []byte(config), 0o600)
}

func (k *imageKit) sourcesList(i image) string { return filepath.Join(k.dir, i.name+".list") }

func (k *imageKit) remove() error { return removeTree(k.dir) }

// build makes the image, and its repository, beside its place and renames it when it is complete.
func (k *imageKit) build(ctx context.Context, i image) error {
	dir := filepath.Join(k.dir, i.name)
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	sources, err := k.sourcesFor(ctx, i)
	if err != nil {
		return err
	}
	if err := os.WriteFile(k.sourcesList(i), []byte(sources), 0o644); err != nil {
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

func (k *imageKit) sourcesFor(ctx context.Context, i image) (string, error) {
	if i.isUbuntuOn(k.machine) {
		return k.ubuntuSources(ctx, i)
	}
	return sourcesOfSuite(k.sources, k.machine.codename, i.codename(k.machine)), nil
}

func (k *imageKit) bootstrap(ctx context.Context, i image, root string) error {
	packages := i.packages
	if i.releases && i.suite == "" {
		packages = slices.Concat(packages, k.libraries)
	}
	args := []string{
		"--quiet", "--mode=root", "--format=directory", "--variant=minbase",
		"--include=" + strings.Join(packages, ","),
		"--aptopt=" + filepath.Join(k.dir, "apt.conf"),
		"--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", append(args, i.codename(k.machine), root, k.sourcesList(i))...)
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
