package app

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/secret"
	"github.com/apxr/slipway/internal/terminal"
)

// exit is the way out of the program for all text. It hides secrets once more,
// after each part of the program has hidden them in the text that it got from
// others. Its streams show no control characters on a terminal.
type exit struct {
	System  // with those streams
	bare    System
	secrets *secret.Set
	streams []*secret.Writer
}

func newExit(s System, secrets *secret.Set) *exit {
	e := &exit{System: s, bare: s, secrets: secrets}
	out, errOut := secrets.Writer(shown(s.Stdout)), secrets.Writer(shown(s.Stderr))
	e.Stdout, e.Stderr, e.streams = out, errOut, []*secret.Writer{out, errOut}
	return e
}

// flush passes on what the streams keep back.
func (e *exit) flush() {
	for _, s := range e.streams {
		s.Close()
	}
}

// runner returns the runner of a workflow step, which gets nothing but through
// this exit.
func (e *exit) runner() *gha.Runner {
	r := gha.New(e.Getenv, e.Stdout)
	r.HideBy(e.value)
	return r
}

// value hides secrets in a value for a later program.
func (e *exit) value(text string) string {
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") {
		if json.Valid([]byte(text)) {
			return e.secrets.HideJSON(text)
		}
	}
	return e.secrets.Hide(text)
}

// json prints a JSON text. It remains valid, which it might not in the stream.
func (e *exit) json(text string) {
	e.flush()
	fmt.Fprint(shown(e.bare.Stdout), e.secrets.HideJSON(text))
}

// shown returns a writer for text that may contain any bytes.
func shown(w io.Writer) io.Writer {
	if terminal.Is(w) {
		return terminal.Harmless(w)
	}
	return w
}

// partOfID matches release IDs, and the beginnings of one that a value may have by
// chance, such as a date.
var partOfID = regexp.MustCompile(`^20[0-9]{6}(T[0-9]{0,6})?$`)

// hiding returns what the output of a run hides. The function stray looks up the
// settings that the verb does not use.
func (s settings) hiding(stray config.Lookup, public ...string) *secret.Set {
	hidden := append(s.Secrets(), s.secrets...)
	for _, setting := range config.Settings {
		if setting.Type != config.Secret {
			continue
		}
		hidden = append(hidden, config.SecretsIn(setting, stray(setting.Name))...)
	}
	hidden = slices.DeleteFunc(hidden, partOfID.MatchString)
	public = slices.Concat(public, s.Public(), gha.Words(), became())
	for _, h := range s.hosts {
		public = append(public, h.Name)
	}
	return secret.New(hidden, public)
}

// became returns the values of the output result.
func became() []string {
	var all []string
	for _, b := range []rollout.Became{
		rollout.BecameLive, rollout.BecamePartial, rollout.BecameStaged, rollout.BecameReverted,
		rollout.BecameUnchanged, rollout.BecameSuperseded, rollout.BecamePlan, rollout.BecameFailed,
	} {
		all = append(all, string(b))
	}
	return all
}
