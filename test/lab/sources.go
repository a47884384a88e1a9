package lab

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// aptSources is the machine's own choice of package sources as sources.list lines, reduced to the distribution's own:
// a third party's packages have no place on a test host. Apt itself interprets its files (one-line and deb822 alike).
func aptSources(ctx context.Context, m machine) (string, error) {
	const format = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"
	targets, err := run(ctx, "apt-get", "indextargets", "--format", format, "Created-By: Packages")
	if err != nil {
		return "", fmt.Errorf("read the machine's package sources: %w", err)
	}
	sources := distributionSources(targets, m, keyring(m))
	if sources == "" {
		return "", fmt.Errorf("the machine's apt sources have no entry for %s %s: add the distribution's own and run apt-get update",
			m.distribution, m.codename)
	}
	return sources, nil
}

// distributionSources keeps the targets of the distribution's own suites: bookworm, bookworm-updates, bookworm-security.
func distributionSources(targets string, m machine, keyring string) string {
	options := ""
	if keyring != "" {
		options = "[signed-by=" + keyring + "] "
	}
	var lines strings.Builder
	for line := range strings.Lines(targets) {
		field := strings.Fields(line)
		if len(field) != 4 || !strings.EqualFold(field[3], m.distribution) {
			continue
		}
		if suite := field[1]; suite == m.codename || strings.HasPrefix(suite, m.codename+"-") {
			fmt.Fprintf(&lines, "deb %s%s %s %s\n", options, field[0], suite, field[2])
		}
	}
	return lines.String()
}

// sourcesOfSuite are the lines of sources.list for another release of the distribution, from the same mirror. They leave
// out its updates: a mirror keeps the release itself longest and whole. The distribution's keyring has its keys.
func sourcesOfSuite(sources, from, to string) string {
	if from == to {
		return sources
	}
	var lines strings.Builder
	for line := range strings.Lines(sources) {
		if before, components, found := strings.Cut(line, " "+from+" "); found {
			lines.WriteString(before + " " + to + " " + components)
		}
	}
	return lines.String()
}

// keyring is the file with the distribution's own keys, where it has one; otherwise apt's trusted keys count.
func keyring(m machine) string {
	path := "/usr/share/keyrings/" + m.distribution + "-archive-keyring.gpg"
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// aptConfig is how the machine fetches packages: proxies, certificates, time-outs, credentials.
func aptConfig(ctx context.Context) (string, error) {
	config, err := run(ctx, "apt-config", "dump", "--no-empty", "Acquire")
	if err != nil {
		return "", fmt.Errorf("read the machine's apt configuration: %w", err)
	}
	// The credentials' place is relative to the image otherwise.
	const credentials = "Dir::Etc::netrc \"/etc/apt/auth.conf\";\nDir::Etc::netrcparts \"/etc/apt/auth.conf.d/\";\n"
	return config + credentials, nil
}
