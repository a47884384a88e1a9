package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/ansible"
	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/remote"
)

// settings are the settings of a verb after its inventory was read.
type settings struct {
	config.Config
	hosts   []ansible.Host // hosts of the inventory, for a setup
	secrets []string       // secrets in the inventory
	leftOut []string       // encrypted files of the inventory that were not read
}

// load reads all settings of a verb, and takes the servers from the inventory
// if there is one. It reports mistakes in the inventory together with all
// others.
func load(ctx context.Context, verb config.Verb, look config.Lookup, getenv func(string) string) (settings, error) {
	var found found
	if takes(verb, "inventory") && strings.TrimSpace(look("inventory")) != "" {
		found.ask(ctx, question{verb, look}, getenv)
		look = found.instead(look)
	}
	cfg, err := config.Load(verb, look)
	s := settings{Config: cfg, hosts: found.hosts, secrets: found.secrets, leftOut: found.leftOut}
	var wrong config.Mistakes
	if errors.As(err, &wrong); len(found.mistakes)+len(wrong) == 0 {
		return s, nil
	}
	return s, append(found.mistakes, wrong.And(keyMistakes(cfg, getenv))...)
}

// keyMistakes returns the mistakes in keys. They would be found when the keys are
// used; here they come together with all others.
func keyMistakes(cfg config.Config, getenv func(string) string) config.Mistakes {
	var err error
	if named := len(cfg.Hosts) > 0 || cfg.BuildHost != (config.Host{}); !named || !allLocal(cfg) {
		var auth *remote.Auth
		if auth, err = remote.NewAuth(credentials(cfg.Access)); err == nil {
			defer auth.Close()
		}
	}
	if cfg.Verb == config.Setup {
		err = ofSetup(err)
	}
	keys, keysErr := openKeys(cfg.Build, getenv)
	if keysErr == nil {
		defer keys.Close()
	}
	return mistakesOf(errors.Join(err, keysErr))
}

// mistakesOf returns the lines of an error that has one for each setting.
func mistakesOf(err error) config.Mistakes {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func takes(verb config.Verb, name string) bool {
	return slices.ContainsFunc(config.Of(verb), func(s config.Setting) bool { return s.Name == name })
}
