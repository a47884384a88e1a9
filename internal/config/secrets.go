package config

import (
	"slices"
	"unicode/utf8"
)

// shortestValue is the length from which values of the application's
// environment are hidden. Most values are not secrets: hiding "prod" or "4001"
// everywhere would make the log unreadable.
const shortestValue = 6

// Secrets returns all values that no log may show.
func (c Config) Secrets() []string {
	secrets := []string{string(c.Access.Key), string(c.Access.Passphrase), c.GitHub.Token, string(c.Ansible.VaultPassword), c.Build.GitToken}
	secrets = append(secrets, c.setupSecrets()...)
	if token := c.Build.GitToken; token != "" {
		secrets = append(secrets, "x-access-token:"+token) // git sends it in this form over HTTPS, in base64
	}
	for _, key := range c.Build.DeployKeys {
		secrets = append(secrets, string(key.PEM))
	}
	for _, variable := range c.Build.Env {
		secrets = append(secrets, variable.Value)
	}
	if c.Service.Env != nil {
		for _, variable := range c.Service.Env.Variables {
			secrets = append(secrets, longEnough(variable.Value)...)
		}
	}
	return secrets
}

// SecretsIn returns the values that no log may show in the text of a setting,
// although the verb does not use it: people export the settings of an application
// once, for every verb.
func SecretsIn(s Setting, text string) []string {
	if s.Type != Secret {
		return nil
	}
	switch s.Name {
	case "env-file", "build-env":
		var values []string
		for _, a := range assignments(text) {
			plain, _ := unquote(a.value)
			values = append(values, longEnough(a.value, plain)...)
		}
		return values
	case "setup-vars":
		return setupValues(text)
	case "deploy-keys": // every second line is the URL of a repository
		return nil
	}
	return []string{text}
}

func setupValues(text string) (values []string) {
	vars, err := mapping([]byte(text))
	if err != nil {
		return []string{text}
	}
	for _, node := range vars {
		values = append(values, longEnough(texts(&node)...)...)
	}
	return values
}

// longEnough returns the values that may be secrets.
func longEnough(values ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return utf8.RuneCountInString(v) < shortestValue })
}

// Public returns the names that a log has to show, even if they are a part of a
// secret too: readers and later programs go by them.
func (c Config) Public() []string {
	public := []string{
		c.App.Org, c.App.Name, c.App.String(), c.Layout.Base, c.Layout.Base + "/current", c.Layout.Base + "/releases",
		DefaultUser, c.Ansible.User, c.Ansible.Inventory, c.Ansible.Group, BuildGroup, c.Access.Agent, c.Service.Restart.Flag, c.Service.Migrate,
		c.Build.Repository, GitServer(c.Build.Repository), c.Build.Revision, c.Build.ProjectDir, c.Build.MixEnv, c.Build.Release, string(c.ReleaseID),
		c.GitHub.Environment, c.GitHub.EnvironmentURL,
	}
	if c.Service.Health != nil && c.Service.Health.URL != nil {
		public = append(public, c.Service.Health.URL.String())
	}
	public = append(public, c.Service.Units...)
	for _, h := range slices.Concat(c.Hosts, c.Access.Jumps, []Host{c.BuildHost}) {
		public = append(public, h.String(), h.Host, h.User)
	}
	for _, v := range Verbs {
		public = append(public, string(v.Verb))
	}
	return public
}
