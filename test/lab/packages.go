package lab

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// setupPackages are what the setup of a web host or a build host may install. Bare hosts find them, and all that they
// depend on, in a repository of the lab: they reach no other. Packages that the image has already are here because
// setup names them too.
var setupPackages = []string{
	"acl", "ca-certificates", "curl", "iproute2", "locales", "nftables", "openssl", "procps", "python3-apt", "sudo", "zstd",
	// What a release's Erlang runtime needs, and epmd.
	"erlang-base", "libncurses6", "libstdc++6", "libtinfo6", "zlib1g",
	// Build hosts.
	"git", "git-lfs", "openssh-client", "elixir", "erlang-nox", "erlang-dev",
	"rebar3", "gcc", "g++", "make", "libc6-dev", "binutils", "patch", "autoconf", "m4", "bzip2", "unzip", "xz-utils",
	"libncurses-dev", "libssl-dev",
}

// ownPackages are what hosts of the machine's own release, and of newer ones, can install as well: to set themselves up.
var ownPackages = []string{"ansible-core"}

// collectPackages makes a Debian repository in dir/packages: what the image offers and whatever of its dependencies
// the root file system in dir/root lacks.
func (k *imageKit) collectPackages(ctx context.Context, i image, dir string) error {
	into := filepath.Join(dir, "packages")
	if err := k.downloadPackages(ctx, i, dir, into); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(into, "*.deb"))
	if err != nil {
		return err
	}
	var index strings.Builder
	for _, deb := range debs {
		entry, err := addPackage(ctx, deb)
		if err != nil {
			return err
		}
		index.WriteString(entry)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(into, "Packages"), []byte(index.String()), 0o644),
		os.WriteFile(filepath.Join(into, "Release"), []byte(release(i.codename(k.machine), index.String(), time.Now())), 0o644))
}

// release is what a client reads first. Without it apt guesses which indexes there may be.
func release(suite, index string, now time.Time) string {
	return fmt.Sprintf("Origin: Slipway lab\nSuite: %[1]s\nCodename: %[1]s\nDate: %s\nSHA256:\n %x %d Packages\n",
		suite, now.UTC().Format(time.RFC1123), sha256.Sum256([]byte(index)), len(index))
}

// downloadPackages lets apt install on the image, but stop before it unpacks anything.
func (k *imageKit) downloadPackages(ctx context.Context, i image, dir, into string) error {
	sources, err := os.ReadFile(k.sourcesList(i))
	if err != nil {
		return err
	}
	status := filepath.Join(dir, "root/var/lib/dpkg/status")
	return k.download(ctx, filepath.Join(k.dir, i.name+"-apt"), string(sources), status, into, i.offers...)
}

// download gets packages, and what they depend on and status has not. The state of apt is its own: neither the machine's
// installed packages nor its third-party sources have a part in what it chooses.
func (k *imageKit) download(ctx context.Context, state, sources, status, into string, packages ...string) error {
	for _, needed := range []string{filepath.Join(into, "partial"), filepath.Join(state, "lists", "partial")} {
		if err := os.MkdirAll(needed, 0o755); err != nil {
			return err
		}
	}
	list := filepath.Join(state, "sources.list")
	if err := os.WriteFile(list, []byte(sources), 0o644); err != nil {
		return err
	}
	options := []string{
		"-o", "Dir::State=" + state,
		"-o", "Dir::State::status=" + status,
		"-o", "Dir::Cache=" + state,
		"-o", "Dir::Cache::archives=" + into,
		"-o", "Dir::Etc::sourcelist=" + list,
		"-o", "Dir::Etc::sourceparts=/dev/null",
		"-o", "APT::Sandbox::User=root",
	}
	if _, err := aptGet(ctx, append(options, "update")...); err != nil {
		return err
	}
	install := []string{"install", "--download-only", "--yes", "--no-install-recommends"}
	if _, err := aptGet(ctx, append(append(options, install...), packages...)...); err != nil {
		return err
	}
	// What apt keeps beside the packages is no part of the repository.
	if err := os.RemoveAll(filepath.Join(into, "lock")); err != nil {
		return err
	}
	return os.Remove(filepath.Join(into, "partial"))
}

// addPackage gives a package's file a name that needs no escaping in a URL (apt's has the version in it, with a
// %3a) and returns its entry in the index: the package's own description and what a client checks.
func addPackage(ctx context.Context, deb string) (entry string, err error) {
	control, err := run(ctx, "dpkg-deb", "--field", deb)
	if err != nil {
		return "", err
	}
	sum, size, err := checksum(deb)
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(filepath.Base(deb), "_")
	name += ".deb"
	entry = fmt.Sprintf("%s\nFilename: ./%s\nSize: %d\nSHA256: %x\n\n", strings.TrimSpace(control), name, size, sum)
	return entry, os.Rename(deb, filepath.Join(filepath.Dir(deb), name))
}

func checksum(path string) (sum []byte, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return hash.Sum(nil), size, err
}

// offerPackages serves the repositories of the lab's bare hosts and returns the hosts' package sources, by host name.
func (l *Lab) offerPackages(m machine) (sources map[string]string, err error) {
	sources = map[string]string{}
	for _, h := range l.hosts {
		if len(h.image.offers) == 0 {
			continue
		}
		url, err := l.Serve("packages-"+h.image.codename(m), h.image.packageDir(m))
		if err != nil {
			return nil, err
		}
		// Trusted: whoever could change what this machine sends its own hosts could change the hosts as well.
		sources[h.Name] = "deb [trusted=yes] " + url + " ./\n"
	}
	return sources, nil
}
