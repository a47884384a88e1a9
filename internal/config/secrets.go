package config

import (
	"encoding/base64"
	"unicode/utf8"
)

// shortestValue is the length from which values of the application's
// environment are hidden. Most values are not secrets: hiding "prod" or "4001"
// everywhere would make the log unreadable.
const shortestValue = 6

// Secrets returns all values that no log may show.
func (c Config) Secrets() []string {
	secrets := []string{string(c.Access.Key), string(c.Access.Passphrase), c.GitHub.Token, string(c.Ansible.VaultPassword)}
	secrets = append(secrets, c.setupSecrets()...)
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
	if c.Service.Env != nil {
		for _, variable := range c.Service.Env.Variables {
			if utf8.RuneCountInString(variable.Value) >= shortestValue {
				secrets = append(secrets, variable.Value)
			}
		}
	}
	return secrets
}
