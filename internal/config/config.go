package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Lookup returns the text given for a setting. An empty text means that nothing
// was given, since a workflow cannot leave an input out.
type Lookup func(name string) string

// Config has the values of all settings of a verb. Fields that the verb does
// not use are empty.
type Config struct {
	Verb      Verb
	App       release.App
	BuildHost Host
	Hosts     []Host
	Access    Access
	Ansible   Ansible
	Build     Build
	// WaitForLock is how long to wait for another run; 0: do not wait.
	WaitForLock time.Duration
	ReleaseID   release.ID
	Digest      release.Digest // of that release; empty: its ID says which one it is
	Layout      release.Layout
	Service     Service
	Fleet       Fleet
	Keep        int
	Force       bool
	DryRun      bool
	GitHub      GitHub
	JSON        bool
	Inside      Inside
}

// Build has the settings of a build.
type Build struct {
	Repository    string
	Revision      string // full commit ID, branch or tag
	GitToken      string
	DeployKeys    []DeployKey
	ForwardAgent  bool
	GitKnownHosts string
	ProjectDir    string // "." is the top of the repository
	MixEnv        string
	Release       string // empty: found in the project
	BeforeRelease string
	Env           []Variable
	Clean         bool
	Incremental   bool
	KeepArtifacts int
	KeepFor       time.Duration
}

// Load reads and checks all settings of a verb. Its error is a [Mistakes].
func Load(v Verb, look Lookup) (Config, error) {
	l := loader{verb: v, look: look, settings: map[string]Setting{}, told: map[string]bool{}}
	for _, s := range Of(v) {
		l.settings[s.Name] = s
	}
	c := Config{Verb: v}
	c.App = l.app()
	c.BuildHost = l.buildHost()
	c.Hosts, c.BuildHost = l.limit(l.hosts(), c.BuildHost)
	c.Ansible = l.ansible(c)
	l.noRemote = l.allLocal(c)
	c.Access = l.access()
	c.Build = l.build()
	c.ReleaseID = l.releaseID()
	c.Digest = l.releaseDigest()
	c.Layout = l.layout(c.App)
	c.Service = l.service(c.App)
	c.Fleet = l.fleet()
	c.Hosts = l.shard(c.Hosts)
	c.WaitForLock = l.duration("wait-for-lock", 0, 24*time.Hour)
	c.Keep = l.number("keep-releases", 2, ": a rollback needs the release before")
	c.Force = l.isOn("force")
	c.DryRun = l.isOn("dry-run")
	c.GitHub = l.github()
	c.JSON = l.matching("format", formatRE, "text or json") == "json"
	c.Inside = l.inside(c.Service.Units)
	return c, l.mistakes.err()
}

// Mistakes lists everything that is wrong with a configuration.
type Mistakes []string

// maxMistakes limits how many mistakes are shown. A wrong file may have one in
// each line.
const maxMistakes = 100

func (m Mistakes) Error() string {
	if len(m) == 1 {
		return "1 mistake in the settings; nothing was changed:\n  " + m[0]
	}
	lines := m
	if len(m) > maxMistakes {
		lines = append(slices.Clone(m[:maxMistakes]), fmt.Sprintf("and %d more", len(m)-maxMistakes))
	}
	return fmt.Sprintf("%d mistakes in the settings; nothing was changed:\n  %s", len(m), strings.Join(lines, "\n  "))
}

// And returns the mistakes and more of them. It leaves out mistakes of a
// setting that already has one, because the value of that setting is unknown.
func (m Mistakes) And(more Mistakes) Mistakes {
	all := slices.Clone(m)
	for _, mistake := range more {
		name, _, _ := strings.Cut(mistake, ":")
		if !slices.ContainsFunc(m, func(known string) bool { return strings.HasPrefix(known, name+":") }) {
			all = append(all, mistake)
		}
	}
	return all
}

func (m Mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

var (
	pathRE   = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9_.-]*){2,}$`)
	formatRE = regexp.MustCompile(`^(text|json)$`)
)

// isPath reports whether s is an absolute path of at least two plain names. The
// path goes into units, sudo rules and scripts, where other characters have a
// meaning.
func isPath(s string) bool { return pathRE.MatchString(s) }

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

func (l *loader) releaseID() release.ID {
	return l.id("release-id", l.value("release-id"))
}

func (l *loader) releaseDigest() release.Digest {
	v := l.value("release-digest")
	if v == "" {
		return ""
	}
	d, err := release.ParseDigest(v)
	if err != nil {
		l.wrong("release-digest", "%v", err)
	}
	return d
}

func (l *loader) id(name, v string) release.ID {
	if v == "" {
		return ""
	}
	id, err := release.ParseID(v)
	if err != nil {
		l.wrong(name, "%v", err)
	}
	return id
}

func (l *loader) layout(a release.App) release.Layout {
	v := l.value("deploy-to")
	switch {
	case v == "":
		return release.DefaultLayout(a)
	case !isPath(v):
		l.wrong("deploy-to", "%.100q is not an absolute path of at least two plain names, such as /opt/apxr/apxr_io", v)
	}
	return release.Layout{Base: v}
}
