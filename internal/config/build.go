package config

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

var (
	commitRE  = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	refRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@/#-]*$`)
	scpRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:]+$`)
	dirRE     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$`)
	mixEnvRE  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	releaseRE = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,62}$`)
	envNameRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// IsCommit reports whether s is a full commit ID.
func IsCommit(s string) bool { return commitRE.MatchString(s) }

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
		BeforeRelease: l.beforeRelease(),
		Env:           l.buildEnv(),
		Clean:         l.isOn("clean"),
		WaitForLock:   l.duration("wait-for-lock", 0, 24*time.Hour),
		KeepArtifacts: l.number("keep-artifacts", 1, ""),
		KeepFor:       l.duration("keep-artifacts-for", 0, 24*365*time.Hour),
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

// notRepository says what is wrong with the URL of a repository. It does not
// show the URL, which may have a password in it.
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

// maxText is what one variable of an environment carries (128 KiB on Linux),
// with four bytes for one, as scripts get it.
const maxText = 30000

func (l *loader) beforeRelease() string {
	v := l.value("before-release")
	if len(v) > maxText {
		l.wrong("before-release", "it has %d bytes, and %d are the most: put it into a script of the repository", len(v), maxText)
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

// DeployKey is a private key and the repository that it is for.
type DeployKey struct {
	Repository string
	PEM        []byte
}

// deployKeys splits the setting at the keys' first lines. That a key can be
// used is not checked here.
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

// Variable is one variable of the build's environment.
type Variable struct{ Name, Value string }

// buildEnv reads the form that GitHub's own environment files have.
func (l *loader) buildEnv() []Variable {
	var all []Variable
	seen := map[string]bool{}
	if len(l.value("build-env")) > maxText {
		l.wrong("build-env", "it has %d bytes, and %d are the most that an environment carries", len(l.value("build-env")), maxText)
		return nil
	}
	lines := strings.Split(strings.ReplaceAll(l.value("build-env"), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if text := strings.TrimSpace(lines[i]); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		first := i + 1 // as people count lines
		name, value, ok := strings.Cut(lines[i], "=")
		if head, end, heredoc := strings.Cut(lines[i], "<<"); heredoc && (!ok || len(head) < len(name)) {
			name = head
			value, i, ok = until(strings.TrimSpace(end), lines, i+1)
			if !ok {
				l.wrong("build-env", "line %d: its end mark is not there", first)
			}
		}
		name = strings.TrimSpace(name)
		switch {
		// A line is never shown: what is wrong may be that a secret stands at its beginning.
		case !ok && i+1 == first || !envNameRE.MatchString(name):
			l.wrong("build-env", "line %d is not NAME=VALUE with a valid name of a variable (letters, digits and _, no digit first)", first)
		case reserved(name):
			l.wrong("build-env", "line %d: %s is Slipway's own to set%s", first, name, insteadOf[name])
		case seen[name]:
			l.wrong("build-env", "line %d: %s is there twice", first, name)
		case strings.Contains(value, "\x00"):
			l.wrong("build-env", "line %d: %s has a NUL in its value", first, name)
		}
		seen[name] = true
		all = append(all, Variable{name, value})
	}
	return all
}

// until joins the lines up to the end mark.
func until(end string, lines []string, from int) (value string, at int, found bool) {
	for at := from; at < len(lines); at++ {
		if lines[at] == end {
			return strings.Join(lines[from:at], "\n"), at, true
		}
	}
	return "", len(lines), false
}

var insteadOf = map[string]string{"MIX_ENV": ": use mix-env", "SSH_AUTH_SOCK": ": use deploy-keys or forward-agent"}

// reserved names would change what Slipway itself does.
func reserved(name string) bool {
	switch name {
	case "MIX_ENV", "MIX_BUILD_PATH", "MIX_BUILD_ROOT", "MIX_DEPS_PATH", "MIX_EXS", "HOME", "PATH", "SSH_AUTH_SOCK":
		return true
	case "IFS", "ENV", "BASH_ENV", "UID", "EUID", "PPID", "OPTIND", "SHELLOPTS", "BASHOPTS": // shells refuse or obey them
		return true
	}
	return strings.HasPrefix(strings.ToUpper(name), "SLIPWAY_") || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "LD_")
}

// Secrets is every value that no log may show.
func (c Config) Secrets() []string {
	secrets := []string{string(c.SSHKey)}
	if token := c.Build.GitToken; token != "" {
		// git sends it in this form over HTTPS.
		secrets = append(secrets, token, base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token)))
	}
	for _, key := range c.Build.DeployKeys {
		secrets = append(secrets, string(key.PEM))
	}
	for _, variable := range c.Build.Env {
		secrets = append(secrets, variable.Value)
	}
	return secrets
}

// GitServer is the server of a repository, as HOST[:PORT] in HTTPS URLs; the
// same server's HTTPS port is the usual one where the URL is one for SSH.
func GitServer(repository string) string {
	host, _, _ := splitRepository(repository)
	if u, err := url.Parse(repository); err == nil && u.Scheme == "https" {
		return u.Host
	}
	return host
}

// RepositoryKey is what ssh sees of the URL of a repository: HOST:PORT/PATH
// without .git, the same for all ways to write it.
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
