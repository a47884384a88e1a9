package config

import (
	"encoding/base64"
	"unicode/utf8"
)

// shortestValue is the length from which a value of the application's
// environment is hidden. Most of them are no secrets: hiding "prod" or "4001"
// everywhere would leave no log to read.
const shortestValue = 6

// Secrets is every value that no log may show.
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
