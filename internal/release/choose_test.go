package release

import (
	"strings"
	"testing"
)

func TestRollbackTarget(t *testing.T) {
	on := func(ids ...ID) HostState { return HostState{Stack: plain(ids...)} }
	dying := func(unproved ID, ids ...ID) HostState {
		return HostState{Stack: plain(ids...), Dead: &Change{Verb: Deploy, To: unproved}}
	}
	returning := func(target ID, ids ...ID) HostState {
		return HostState{Stack: plain(ids...), Dead: &Change{Verb: Rollback, To: target}}
	}
	for name, c := range map[string]struct {
		hosts map[string]HostState
		want  ID
		err   []string
	}{
		"one host":                {map[string]HostState{"a": on(r1, r2)}, r1, nil},
		"most hosts decide":       {map[string]HostState{"a": on(r1, r3), "b": on(r2, r3), "c": on(r2, r3)}, r2, nil},
		"a new host has no say":   {map[string]HostState{"a": on(r1, r3), "b": on(r3), "c": {}}, r1, nil},
		"a tie names both":        {map[string]HostState{"a": on(r1, r3), "b": on(r2, r3)}, "", []string{string(r1) + " (a)", string(r2) + " (b)", "name the release ID"}},
		"a tie of many hosts":     {map[string]HostState{"a": on(r1, r3), "b": on(r2, r3), "c": on(r1, r3), "d": on(r2, r3), "e": on(r1, r3), "f": on(r2, r3), "g": on(r1, r3), "h": on(r2, r3)}, "", []string{string(r1) + " (a, c, e and 1 more)", string(r2) + " (b, d, f and 1 more)"}},
		"a tie of the most alone": {map[string]HostState{"a": on(r1, r4), "b": on(r1, r4), "c": on(r2, r4), "d": on(r2, r4), "e": on(r3, r4)}, "", []string{string(r1), string(r2)}},
		"nothing to go back to":   {map[string]HostState{"a": on(r1), "b": {}}, "", []string{"nothing to roll back to"}},
		"no hosts":                {nil, "", []string{"nothing to roll back to"}},

		"undoing a dead deploy is the rollback":     {map[string]HostState{"a": dying(r3, r1, r2)}, r2, nil},
		"also on hosts that it had not reached":     {map[string]HostState{"a": dying(r3, r1, r2), "b": on(r1, r2), "c": on(r1, r2)}, r2, nil},
		"also on hosts that had concluded it":       {map[string]HostState{"a": on(r1, r2, r3), "b": on(r1, r2, r3), "c": dying(r3, r1, r2)}, r2, nil},
		"concluded on most, unreached on one":       {map[string]HostState{"a": on(r1, r2, r3), "b": dying(r3, r1, r2), "c": on(r1, r2)}, r2, nil},
		"a dead rollback is finished":               {map[string]HostState{"a": returning(r2, r1, r2, r3)}, r2, nil},
		"also where most had concluded it":          {map[string]HostState{"a": on(r1, r2), "b": on(r1, r2), "c": returning(r2, r1, r2, r3)}, r2, nil},
		"the most of two dead rollbacks":            {map[string]HostState{"a": returning(r1, r1, r2, r3), "b": returning(r2, r1, r2, r3), "c": returning(r2, r1, r2, r3)}, r2, nil},
		"two dead rollbacks are a tie":              {map[string]HostState{"a": returning(r1, r1, r2, r3), "b": returning(r2, r1, r2, r3), "c": on(r1, r2, r3)}, "", []string{string(r1) + " (a)", string(r2) + " (b)"}},
		"two dead deploys are both undone":          {map[string]HostState{"a": dying(r3, r1, r2), "b": dying(r4, r1, r2), "c": on(r1, r2, r3), "d": on(r1, r2, r3), "e": on(r1, r2, r3)}, r2, nil},
		"a dead first deploy has nothing before it": {map[string]HostState{"a": dying(r1), "b": {}}, "", []string{"nothing to roll back to"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := RollbackTarget(c.hosts)
			if got != (Activation{ID: c.want}) || (err == nil) != (c.err == nil) {
				t.Fatalf("got %q, %v; want %q, %v", got, err, c.want, c.err)
			}
			for _, word := range c.err {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

func TestRollbackTargetTakesTheEnvironmentAlong(t *testing.T) {
	a1, a2, a3, b1, c1 := Activation{r1, e1}, Activation{r1, e2}, Activation{r1, e3}, Activation{r2, e1}, Activation{r3, e3}
	on := func(stack ...Activation) HostState { return HostState{Stack: stack} }
	dead := func(verb Verb, to Activation, stack ...Activation) HostState {
		return HostState{Stack: stack, Dead: &Change{Verb: verb, To: to.ID, ToEnv: to.Env}}
	}
	for name, c := range map[string]struct {
		hosts map[string]HostState
		want  Activation
	}{
		"one host":                              {map[string]HostState{"a": on(a1, b1)}, a1},
		"a changed environment alone is a step": {map[string]HostState{"a": on(b1, a1, a2)}, a1},
		"releases are counted first":            {map[string]HostState{"a": on(a1, c1), "b": on(a2, c1), "c": on(a3, c1), "d": on(b1, c1), "e": on(b1, c1)}, a3},
		"then the environments of that release": {map[string]HostState{"a": on(a1, c1), "b": on(a1, c1), "c": on(a3, c1)}, a1},
		"a tie of environments stops nobody":    {map[string]HostState{"a": on(a1, c1), "b": on(a2, c1)}, a2},
		"with and without an environment":       {map[string]HostState{"a": on(plain(r1, r3)...), "b": on(a2, c1)}, a2},
		"undoing a dead environment":            {map[string]HostState{"a": dead(Deploy, a2, b1, a1), "b": on(b1, a1, a2), "c": on(b1, a1, a2), "d": on(b1, a1, a2)}, a1},
		"finishing a dead rollback":             {map[string]HostState{"a": dead(Rollback, a1, a1, b1, c1), "b": on(a1, b1, c1)}, a1},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 { // a map has no order to rely on
				if got, err := RollbackTarget(c.hosts); err != nil || got != c.want {
					t.Fatalf("got %v, %v; want %v", got, err, c.want)
				}
			}
		})
	}
}
