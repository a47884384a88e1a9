package app

import (
	"testing"

	"github.com/apxr/slipway/internal/config"
)

func TestEveryVerbRunsInOneWay(t *testing.T) {
	for _, v := range config.Verbs {
		how, there := verbs[v.Verb]
		if !there || (how.run == nil) == (how.look == "") {
			t.Errorf("%s: there is no way in which it runs, or two", v.Verb)
		}
		if v.Action != nil && how.run == nil {
			t.Errorf("%s is an action, and has nothing for a step to run", v.Verb)
		}
	}
	if len(verbs) != len(config.Verbs) {
		t.Errorf("%d verbs run, and %d are listed", len(verbs), len(config.Verbs))
	}
}
