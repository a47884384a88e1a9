package config

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

var (
	refRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@/#-]*$`)
	scpRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:]+$`)
	dirRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)
	mixEnvRE  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	releaseRE = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,62}$`)
)

func (l *loader) build() Build {
	b := Build{
		Repository:    l.repository(),
		Revision:      l.revision(),
		GitToken:      l.gitToken(),
		ForwardAgent:  l.isOn("forward-agent"),
		GitKnownHosts: l.value("git-known-hosts"),
		ProjectDir:    l.projectDir(),
		MixEnv:        l.matching("mix-env", mixEnvRE, "the name of an environment of mix, such as prod"),
		Release:       l.matching("release", releaseRE, "the name of a release in mix.exs, such as apxr_io"),
		BeforeRelease: l.commands("before-release", "a script of the repository"),
		Env:           l.buildEnv(),
		Clean:         l.isOn("clean"),
		Incremental:   l.isOn("incremental"),
		KeepArtifacts: l.number("keep-artifacts", 1, ""),
		KeepFor:       l.duration("keep-artifacts-for", 0, 24*365*time.Hour),
	}
	if b.Clean && b.Incremental {
		l.wrong("incremental", "clean is true too: choose one")
	}
	b.DeployKeys = l.deployKeys(b.Repository)
	if b.ForwardAgent && len(b.DeployKeys) > 0 {
		l.wrong("forward-agent", "deploy-keys are given too: choose one, since a key of the agent would be offered to every repository")
	}
	return b
}

func (l *loader) repository() string {
	v := l.value("repository")
	if v == "" {
		return ""
	}
	if why := notRepository(v); why != "" {
		l.wrong("repository", "%s", why)
		return ""
	}
	return v
}

// notRepository returns what is wrong with the URL of a repository. It does not
// show the URL, which may contain a password.
func notRepository(v string) string {
	if scpRE.MatchString(v) {
		return ""
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "ssh") || strings.Trim(u.Path, "/") == "" || strings.ContainsAny(v, " \t\r\n"):
		return "this is not an ssh or https URL of a git repository, such as git@github.com:apxr/apxr_io.git"
	case hasPassword(u):
		// The URL goes into logs, argument lists and the manifest.
		return "the URL has a password or token in it: take it out, and give it as git-token, or use deploy-keys"
	}
	return ""
}

func hasPassword(u *url.URL) bool {
	_, set := u.User.Password()
	return set || (u.Scheme == "https" && u.User != nil)
}

func (l *loader) revision() string {
	v := l.value("revision")
	if v != "" && (!refRE.MatchString(v) || strings.Contains(v, "..") || strings.HasSuffix(v, "/") || strings.Contains(v, "//")) {
		l.wrong("revision", "%.100q is not a full commit ID, a branch or a tag", v)
	}
	return v
}

func (l *loader) gitToken() string {
	v := strings.TrimSpace(l.value("git-token"))
	if strings.ContainsAny(v, " \t\r\n") {
		l.wrong("git-token", "it has blanks or line breaks in it: is it a key? Those are deploy-keys")
	}
	return v
}

func (l *loader) projectDir() string {
	v := l.value("project-dir")
	if v == "" || v == "." {
		return v
	}
	clean := path.Clean(v)
	if !dirRE.MatchString(clean) {
		l.wrong("project-dir", "%.100q is not a directory below the repository's top, such as apps/web", v)
	}
	return clean
}

// DeployKey is a private key and the repository that it gives access to.
type DeployKey struct {
	Repository string
	PEM        []byte
}

// deployKeys splits the setting before the first line of each key. It does not
// check whether a key can be used.
func (l *loader) deployKeys(repository string) []DeployKey {
	var keys []DeployKey
	next, inside := "", false
	for line := range strings.Lines(l.value("deploy-keys")) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, "-----BEGIN "):
			keys = append(keys, DeployKey{Repository: next, PEM: []byte(line)})
			next, inside = "", !strings.Contains(text, "-----END ")
		case inside:
			last := &keys[len(keys)-1]
			last.PEM = append(last.PEM, line...)
			inside = !strings.HasPrefix(text, "-----END ")
		case text == "" || strings.HasPrefix(text, "#"):
		case notRepository(text) == "":
			next = text
		default:
			l.wrong("deploy-keys", "a line outside of a key is neither empty, a comment, nor the URL of a repository; a key starts with -----BEGIN in a line of its own")
			return nil
		}
	}
	if next != "" {
		l.wrong("deploy-keys", "no key stands below %.100s", next)
	}
	seen := map[string]bool{}
	for i := range keys {
		keys[i].Repository = cmp.Or(keys[i].Repository, repository)
		switch of := keys[i].Repository; {
		case strings.HasPrefix(of, "https:"):
			l.wrong("deploy-keys", "%.100s is an https URL, and keys are for SSH: write git@HOST:PATH, or use a git-token", of)
		case seen[RepositoryKey(of)]:
			l.wrong("deploy-keys", "there are two keys for %.100s: put the URL of each key's repository in the line above it", of)
		}
		seen[RepositoryKey(keys[i].Repository)] = true
	}
	return keys
}

// GitServer returns the server of a repository as HOST[:PORT] for HTTPS. For an
// SSH URL it assumes that the server uses the usual HTTPS port.
func GitServer(repository string) string {
	host, _, _ := splitRepository(repository)
	if u, err := url.Parse(repository); err == nil && u.Scheme == "https" {
		return u.Host
	}
	return host
}

// RepositoryKey returns what ssh sees of the URL of a repository:
// HOST:PORT/PATH without .git. It is the same for all ways to write the URL.
func RepositoryKey(repository string) string {
	host, port, repoPath := splitRepository(repository)
	return host + ":" + port + "/" + repoPath
}

func splitRepository(repository string) (host, port, repoPath string) {
	port = defaultPort
	if scpRE.MatchString(repository) {
		_, rest, _ := strings.Cut(repository, "@")
		host, repoPath, _ = strings.Cut(rest, ":")
	} else if u, err := url.Parse(repository); err == nil {
		host, port, repoPath = u.Hostname(), cmp.Or(u.Port(), defaultPort), u.Path
	}
	return host, port, strings.TrimSuffix(strings.Trim(repoPath, "/"), ".git")
}
