package config

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// GitHub says what a workflow run shows on GitHub.
type GitHub struct {
	Token          string
	Environment    string
	EnvironmentURL string
	Rollback       string // file name of a workflow; empty: none
	Comment        bool
	Deployments    bool
}

var workflowFile = regexp.MustCompile(`^(none|[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml)$`)

func (l *loader) github() GitHub {
	g := GitHub{
		Token:       strings.TrimSpace(l.value("github-token")),
		Environment: l.environmentName(),
		Rollback:    l.matching("rollback-workflow", workflowFile, "the file name of a workflow, such as rollback.yml, or none"),
		Comment:     l.isOn("comment"), Deployments: l.isOn("deployments"),
		EnvironmentURL: l.value("environment-url"),
	}
	if g.Rollback == "none" {
		g.Rollback = ""
	}
	if u, err := url.Parse(g.EnvironmentURL); g.EnvironmentURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil) {
		// The mistake does not show the URL, which may contain a password.
		l.wrong("environment-url", "this is not an http or https URL without a user, such as https://apxr.io")
	}
	if g.Token == "" && g.Deployments {
		l.wrong("github-token", "missing. deployments needs it")
	}
	return g
}

// environmentName returns the name of the environment. GitHub accepts up to 255
// characters on one line.
func (l *loader) environmentName() string {
	v := l.value("environment")
	if utf8.RuneCountInString(v) > 255 || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		l.wrong("environment", "%.100q is not the name of an environment: one line of up to 255 characters", v)
	}
	return v
}
