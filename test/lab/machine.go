package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// machine is what the lab must know of the machine that it runs on: the hosts get the same distribution.
type machine struct {
	distribution string // ID in os-release: debian or ubuntu
	codename     string // VERSION_CODENAME: bookworm, noble, ...
}

// CheckMachine says whether this machine can run a lab at all, and if not, why and what to do.
func CheckMachine() error {
	_, err := thisMachine()
	return err
}

func thisMachine() (machine, error) {
	if runtime.GOOS != "linux" {
		return machine{}, errors.New("the lab needs Linux: run it in a Debian or Ubuntu virtual machine")
	}
	if os.Geteuid() != 0 {
		return machine{}, errors.New("the lab needs root, to mount and to make network namespaces: run it with sudo")
	}
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return machine{}, fmt.Errorf("find out the distribution: %w", err)
	}
	return parseOSRelease(string(text))
}

func parseOSRelease(text string) (machine, error) {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		fields[key] = strings.Trim(value, `"'`)
	}
	m := machine{distribution: fields["ID"], codename: fields["VERSION_CODENAME"]}
	if !slices.Contains([]string{"debian", "ubuntu"}, m.distribution) || m.codename == "" {
		return machine{}, fmt.Errorf("the lab needs Debian or Ubuntu, with a code name in /etc/os-release; this is %q %q: "+
			"run it in a virtual machine of one of them", fields["ID"], fields["VERSION_CODENAME"])
	}
	return m, nil
}

// tools are the programs that the lab and the tests beside it call, and the packages that bring them.
var tools = map[string]string{
	"ansible-lint":     "ansible-lint",
	"ansible-playbook": "ansible-core",
	"curl":             "curl",
	"e2fsck":           "e2fsprogs",
	"fish":             "fish",
	"git":              "git",
	"ip":               "iproute2",
	"mkfs.ext4":        "e2fsprogs",
	"mmdebstrap":       "mmdebstrap",
	"readelf":          "binutils",
	"shellcheck":       "shellcheck",
	"ssh":              "openssh-client",
	"sshd":             "openssh-server", // installed, not started: tests start their own on loopback
	"systemd-nspawn":   "systemd-container",
	"tcsh":             "tcsh",
}

// benchTools are what the benchmark alone calls.
var benchTools = map[string]string{
	"cap":    "capistrano",
	"rsync":  "rsync",
	"strace": "strace",
}

// InstallTools installs on this machine what the lab and the tests call and it lacks: the named programs, or all but
// those that the benchmark alone calls.
func InstallTools(ctx context.Context, log func(format string, args ...any), names ...string) error {
	if len(names) == 0 {
		return InstallMissing(ctx, tools, log)
	}
	named := map[string]string{}
	for _, name := range names {
		named[name] = cmp.Or(tools[name], benchTools[name])
		if named[name] == "" {
			return fmt.Errorf("%q is none of the tools that the lab installs", name)
		}
	}
	return InstallMissing(ctx, named, log)
}

// InstallMissing installs the packages whose programs this machine lacks. Like building an image it is done under the
// cache's lock: one process at a time.
func InstallMissing(ctx context.Context, packages map[string]string, log func(format string, args ...any)) error {
	if err := addSbinToPath(); err != nil {
		return err
	}
	if len(missingPackages(packages)) == 0 {
		return nil
	}
	if err := CheckMachine(); err != nil {
		return fmt.Errorf("%s must be installed, which needs root on Debian or Ubuntu: %w", strings.Join(missingPackages(packages), ", "), err)
	}
	return withCacheLock(ctx, func() error {
		missing := missingPackages(packages)
		if len(missing) == 0 {
			return nil
		}
		log("installing %s", strings.Join(missing, ", "))
		return installPackages(ctx, missing)
	})
}

// addSbinToPath finds ip and chroot for people whose PATH has no sbin in it, as after a plain su.
func addSbinToPath() error {
	path := os.Getenv("PATH")
	if slices.Contains(filepath.SplitList(path), "/usr/sbin") {
		return nil
	}
	return os.Setenv("PATH", path+":/usr/sbin:/sbin")
}

func missingPackages(packages map[string]string) []string {
	var missing []string
	for tool, pkg := range packages {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, pkg)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

func installPackages(ctx context.Context, packages []string) (err error) {
	allowServices, err := forbidServices()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, allowServices()) }()

	if _, err := aptGet(ctx, "update"); err != nil {
		return err
	}
	_, err = aptGet(ctx, append([]string{"install", "--yes", "--no-install-recommends"}, packages...)...)
	return err
}

func aptGet(ctx context.Context, args ...string) (string, error) {
	wait := []string{"-o", "DPkg::Lock::Timeout=300"}
	cmd := exec.CommandContext(ctx, "apt-get", append(wait, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return output(cmd)
}

// policyFile is asked by Debian's packages before they start a service (invoke-rc.d(8)).
const policyFile = "/usr/sbin/policy-rc.d"

const noServices = "#!/bin/sh\n# Put here by the lab while it installs packages.\nexit 101\n"

// forbidServices keeps packages from starting services on this machine until the function that it returns is called.
// Where there is a policy already, the machine's owner has decided, and it stays.
func forbidServices() (allow func() error, err error) {
	if existing, err := os.ReadFile(policyFile); err == nil && string(existing) != noServices {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(policyFile, []byte(noServices), 0o755); err != nil {
		return nil, fmt.Errorf("forbid packages to start services: %w", err)
	}
	return func() error { return os.Remove(policyFile) }, nil
}
