package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
)

// ubuntuSuites are what a machine with Debian makes hosts of as well.
var ubuntuSuites = []string{"jammy", "noble", "resolute"}

func (i image) isUbuntuOn(m machine) bool {
	return m.distribution == "debian" && slices.Contains(ubuntuSuites, i.suite)
}

// ubuntuSources are lines of sources.list. Universe has Elixir. As of other suites, updates are left out.
func (k *imageKit) ubuntuSources(ctx context.Context, i image) (string, error) {
	keyring, err := k.ubuntuKeyring(ctx, i)
	if err != nil {
		return "", fmt.Errorf("get Ubuntu's keys: %w", err)
	}
	mirror := "http://archive.ubuntu.com/ubuntu"
	if runtime.GOARCH != "amd64" {
		mirror = "http://ports.ubuntu.com/ubuntu-ports"
	}
	return fmt.Sprintf("deb [signed-by=%s] %s %s main universe\n", keyring, mirror, i.suite), nil
}

// ubuntuKeyring is taken from a package of Debian, which has it since Debian 13: so Debian's own keys vouch for Ubuntu's.
func (k *imageKit) ubuntuKeyring(ctx context.Context, i image) (string, error) {
	dir := filepath.Join(k.dir, i.name+"-keyring")
	sources := sourcesOfSuite(k.sources, k.machine.codename, "trixie")
	if err := k.download(ctx, dir, sources, "/dev/null", dir, "ubuntu-keyring"); err != nil {
		return "", err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "ubuntu-keyring_*.deb"))
	if err != nil || len(debs) != 1 {
		return "", errors.Join(err, fmt.Errorf("no package ubuntu-keyring was downloaded: found %q", debs))
	}
	_, err = run(ctx, "dpkg-deb", "--extract", debs[0], dir)
	return filepath.Join(dir, "usr/share/keyrings/ubuntu-archive-keyring.gpg"), err
}
