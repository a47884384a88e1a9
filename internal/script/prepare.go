package script

import (
	"context"

	"github.com/apxr/slipway/internal/release"
)

// Environment says where the environment of an activation comes from.
type Environment struct {
	Given bool   // use Text; if Text is empty, there is no environment
	Text  string // a shell script of exports
	Keep  string // otherwise copy it from the activation with this key; empty: no environment
}

// Empty reports whether there is no environment.
func (e Environment) Empty() bool { return e.Text == "" && (e.Given || e.Keep == "") }

// Prepare puts the environment of an activation on the host, where nothing uses
// it yet, and the launcher that passes it to a release. It returns the
// activation, and whether that is already current.
func (h Host) Prepare(ctx context.Context, id release.ID, key string, e Environment) (a release.Activation, same bool, err error) {
	c := call{
		script: "prepare",
		onFact: func(key, value string) { same = same || key == "same" && value == "yes" },
	}
	env, a := "none", release.Activation{ID: id}
	switch {
	case e.Given && e.Text != "":
		env, a.Env, c.input = "new", key, text(e.Text)
	case !e.Given && e.Keep != "":
		env, a.Env = "keep", key
	}
	c.args = h.args(arg{"id", string(id)}, arg{"key", key}, arg{"env", env}, arg{"from", e.Keep})
	err = h.quiet(ctx, c)
	return a, same, err
}
