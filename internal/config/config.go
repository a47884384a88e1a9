package config

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Lookup returns what was given for a setting; an empty string is as good as
// nothing, since a workflow cannot leave an input out.
type Lookup func(name string) string

// Config is everything that a verb was told. What the verb does not use is
// empty.
type Config struct {
	Verb       Verb
	App        release.App
	BuildHost  Host
	Hosts      []Host
	SSHKey     []byte
	KnownHosts []byte
	Build      Build
	ReleaseID  release.ID
	Layout     release.Layout
	Unit       string
	HealthURL  *url.URL // nil: no health check over HTTP
	HealthTime time.Duration
	Settle     time.Duration
	Keep       int
}

// Build is what a build is told.
type Build struct {
	Repository    string
	Revision      string // full commit ID, branch or tag
	GitToken      string
	DeployKeys    []DeployKey
	ForwardAgent  bool
	GitKnownHosts string
	ProjectDir    string // "." is the repository's top
	MixEnv        string
	Release       string // empty: found by looking
	BeforeRelease string
	Env           []Variable
	Clean         bool
	WaitForLock   time.Duration
	KeepArtifacts int
	KeepFor       time.Duration
}

// Load reads and checks all settings of a verb. Its error is a [Mistakes].
func Load(v Verb, look Lookup) (Config, error) {
	l := loader{verb: v, look: look, settings: map[string]Setting{}}
	for _, s := range Of(v) {
		l.settings[s.Name] = s
	}
	c := Config{Verb: v}
	c.App = l.app()
	c.BuildHost = l.buildHost()
	c.Hosts = l.hosts()
	l.noRemote = c.BuildHost.IsLocal() && len(c.Hosts) == 0
	c.SSHKey = []byte(l.value("ssh-key"))
	c.KnownHosts = []byte(l.value("known-hosts"))
	c.Build = l.build()
	c.ReleaseID = l.releaseID()
	c.Layout = l.layout(c.App)
	c.Unit = l.unit(c.App)
	c.HealthURL = l.healthURL()
	c.HealthTime = l.duration("health-timeout", 1, time.Hour)
	c.Settle = l.duration("settle", 1, time.Hour)
	c.Keep = l.number("keep-releases", 2, ": a rollback needs the release before")
	return c, l.mistakes.err()
}

// Mistakes is everything that is wrong with a configuration.
type Mistakes []string

func (m Mistakes) Error() string {
	if len(m) == 1 {
		return "1 mistake in the settings; nothing was changed:\n  " + m[0]
	}
	return fmt.Sprintf("%d mistakes in the settings; nothing was changed:\n  %s", len(m), strings.Join(m, "\n  "))
}

func (m Mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

type loader struct {
	verb     Verb
	look     Lookup
	settings map[string]Setting
	noRemote bool // all servers are the machine itself
	mistakes Mistakes
}

func (l *loader) wrong(name, format string, args ...any) {
	l.mistakes = append(l.mistakes, name+": "+fmt.Sprintf(format, args...))
}

// value is what was given or the default; empty for a setting that the verb
// does not use.
func (l *loader) value(name string) string {
	s, ok := l.settings[name]
	if !ok {
		return ""
	}
	v := l.look(name)
	if s.Type != Secret && s.Type != Block {
		v = strings.TrimSpace(v)
	}
	if v = cmp.Or(v, s.Default); v == "" && s.Required(l.verb) && !(s.Remote && l.noRemote) {
		l.wrong(name, "missing. %s", s.Help)
	}
	return v
}

var (
	unitRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@-]*\.service$`)
	pathRE = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9_.-]*){2,}$`)
)

func (l *loader) matching(name string, re *regexp.Regexp, form string) string {
	v := l.value(name)
	if v != "" && !re.MatchString(v) {
		l.wrong(name, "%.100q is not %s", v, form)
	}
	return v
}

func (l *loader) app() release.App {
	v := l.value("app")
	if v == "" {
		return release.App{}
	}
	org, name, _ := strings.Cut(v, "/")
	if !release.ValidName(org) || !release.ValidName(name) {
		l.wrong("app", "%.100q is not ORG/APP in lower-case letters, digits, _ and -, for example apxr/apxr_io", v)
		return release.App{}
	}
	return release.App{Org: org, Name: name}
}

func (l *loader) buildHost() Host {
	v := l.value("build-host")
	if v == "" {
		return Host{}
	}
	if v == localName {
		return Host{Host: localName}
	}
	h, err := ParseHost(v)
	if err != nil {
		l.wrong("build-host", "%v", err)
	}
	return h
}

func (l *loader) hosts() []Host {
	var hosts []Host
	seen := map[string]bool{}
	given := l.value("hosts")
	for _, word := range strings.FieldsFunc(given, isSeparator) {
		h, err := ParseHost(word)
		switch {
		case word == localName:
			l.wrong("hosts", "local is for build-host alone: name the web server by its address, to be reached over SSH")
		case err != nil:
			l.wrong("hosts", "%v", err)
		case seen[h.Host+":"+h.Port]:
			l.wrong("hosts", "%s is listed twice", h)
		}
		seen[h.Host+":"+h.Port] = true
		hosts = append(hosts, h)
	}
	if given != "" && len(hosts) == 0 {
		l.wrong("hosts", "no host is named in %.100q", given)
	}
	return hosts
}

func isSeparator(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }

func (l *loader) releaseID() release.ID {
	v := l.value("release-id")
	if v == "" {
		return ""
	}
	id, err := release.ParseID(v)
	if err != nil {
		l.wrong("release-id", "%v", err)
	}
	return id
}

func (l *loader) layout(a release.App) release.Layout {
	v := l.value("deploy-to")
	switch {
	case v == "":
		return release.DefaultLayout(a)
	case !pathRE.MatchString(v) || path.Clean(v) != v:
		l.wrong("deploy-to", "%.100q is not an absolute path of at least two plain names, such as /opt/apxr/apxr_io", v)
	}
	return release.Layout{Base: v}
}

func (l *loader) unit(a release.App) string {
	v := l.matching("unit", unitRE, "the name of a systemd service, such as apxr_io.service")
	return cmp.Or(v, a.Name+".service")
}

func (l *loader) healthURL() *url.URL {
	v := l.value("health-url")
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		// It is not shown, since it may have a password in it.
		l.wrong("health-url", "this is not an http URL without a password, such as http://127.0.0.1:4001/health")
	}
	return u
}

// duration reads a setting of at least least and at most most.
func (l *loader) duration(name string, least, most time.Duration) time.Duration {
	v := l.value(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		above := "above 0"
		if least == 0 {
			above = "of 0s"
		}
		l.wrong(name, "%.100q is not a duration %s and up to %s, such as 90s", v, above, hours(most))
	}
	return d
}

func hours(d time.Duration) string { return fmt.Sprintf("%dh", d/time.Hour) }

func (l *loader) number(name string, least int, why string) int {
	v := l.value(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		l.wrong(name, "%.100q is not a whole number of at least %d%s", v, least, why)
	}
	return n
}

func (l *loader) isOn(name string) bool {
	v := l.value(name)
	if v != "" && v != "true" && v != "false" {
		l.wrong(name, "%.100q is neither true nor false", v)
	}
	return v == "true"
}
