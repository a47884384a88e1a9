package release

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	r1 ID = "20240101T000000"
	r2 ID = "20240102T000000"
	r3 ID = "20240103T000000"
	r4 ID = "20240104T000000"
)

// plain returns activations of releases without environments.
func plain(ids ...ID) []Activation {
	var stack []Activation
	for _, id := range ids {
		stack = append(stack, Activation{ID: id})
	}
	return stack
}

func deployed(id ID) Change {
	return Change{Key: "d" + string(id), Verb: Deploy, To: id, Outcome: Live}
}

func rolledTo(id ID) Change {
	return Change{Key: "r" + string(id), Verb: Rollback, To: id, Outcome: Live}
}

// with returns the change with the environment that the change of this key
// delivered.
func with(c Change, env string) Change { c.ToEnv = env; return c }

func ended(o Outcome) Change  { return Change{Verb: Deploy, From: r1, To: r4, Outcome: o} }
func undone(o Outcome) Change { return Change{Verb: Rollback, From: r3, To: r1, Outcome: o} }

func TestAChangeSurvivesItsLine(t *testing.T) {
	want := Change{
		Key: "k", At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Verb: Rollback, From: r1, FromEnv: e1, To: r2, ToEnv: e2,
		Version: "1.0", Revision: "abc", Forced: true, Who: "o'neil <x>", Run: "https://h/1?a=1&b=2", Outcome: Reverted, Reason: "two\nlines \"quoted\"",
	}
	line, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	got := ParseHistory([]string{line})
	if len(got) != 1 || got[0] != want {
		t.Errorf("%s\nbecame %+v", line, got)
	}
}

func TestLinesThatNeverBecameAChangeAreSkipped(t *testing.T) {
	whole, err := deployed(r1).JSON()
	if err != nil {
		t.Fatal(err)
	}
	next, err := deployed(r2).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) { // torn at any byte, with a later change after it
		h := ParseHistory([]string{whole, whole[:cut], next})
		if got := h.Stack(); !slices.Equal(got, plain(r1, r2)) {
			t.Fatalf("torn to %q: %v", whole[:cut], got)
		}
	}
	if h := ParseHistory([]string{"", "null", "[]", "{}", "x"}); len(h) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestFindReturnsTheLatestLiveChange(t *testing.T) {
	first, second, failed := deployed(r1), deployed(r1), ended(Reverted)
	first.Who, second.Who = "first", "second"
	h := History{first, second, deployed(r2), failed}
	if c, ok := h.Find(r1); !ok || c.Who != "second" {
		t.Errorf("%+v %v", c, ok)
	}
	if _, ok := h.Find(r4); ok {
		t.Error("a release that was never live was found")
	}
}

func TestHasKnowsAChangeByItsKey(t *testing.T) {
	h := History{deployed(r1)}
	if !h.Has(deployed(r1).Key) || h.Has(rolledTo(r1).Key) {
		t.Error("wrong")
	}
}

func TestAChangeKnowsBothEnds(t *testing.T) {
	c := Change{From: r1, FromEnv: e1, To: r2, ToEnv: e2}
	if c.Source() != (Activation{r1, e1}) || c.Target() != (Activation{r2, e2}) || !(Change{To: r1}).Source().IsZero() {
		t.Errorf("%v to %v", c.Source(), c.Target())
	}
}

// A history is a file on a host, and the names in it become paths there.
func TestLinesThatSlipwayNeverWritesAreSkipped(t *testing.T) {
	good := func(change func(*Change)) string {
		c := Change{
			Key: e2, At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Verb: Deploy, From: r1, FromEnv: e1, To: r2, ToEnv: e2,
			Revision: "abc", Forced: true, Outcome: Live,
		}
		change(&c)
		line, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for name, c := range map[string]struct {
		change func(*Change)
		taken  bool
	}{
		"as Slipway writes it":    {func(*Change) {}, true},
		"without an outcome":      {func(c *Change) { c.Outcome = "" }, true},
		"reverted":                {func(c *Change) { c.Outcome = Reverted }, true},
		"interrupted":             {func(c *Change) { c.Outcome = Interrupted }, true},
		"a rollback":              {func(c *Change) { c.Verb = Rollback }, true},
		"from nothing":            {func(c *Change) { c.From, c.FromEnv = "", "" }, true},
		"without environments":    {func(c *Change) { c.FromEnv, c.ToEnv = "", "" }, true},
		"a short key":             {func(c *Change) { c.Key = "k1" }, true},
		"no key":                  {func(c *Change) { c.Key = "" }, true},
		"a key of 64 characters":  {func(c *Change) { c.Key = strings.Repeat("~", 64) }, true},
		"a key of 65 characters":  {func(c *Change) { c.Key = strings.Repeat("~", 65) }, false},
		"a key with a blank":      {func(c *Change) { c.Key = "k 1" }, false},
		"a key with a line break": {func(c *Change) { c.Key = "k\n" }, false},
		"a key that is not ASCII": {func(c *Change) { c.Key = "kü" }, false},
		"to nowhere":              {func(c *Change) { c.To = "" }, false},
		"to a path":               {func(c *Change) { c.To = "../x" }, false},
		"to no real day":          {func(c *Change) { c.To = "20240230T000000" }, false},
		"to with a line break":    {func(c *Change) { c.To = r2 + "\n" }, false},
		"from a path":             {func(c *Change) { c.From = "../x" }, false},
		"from an absolute path":   {func(c *Change) { c.From = "/etc" }, false},
		"from another's env":      {func(c *Change) { c.FromEnv = "../x" }, false},
		"to another's env":        {func(c *Change) { c.ToEnv = "../x" }, false},
		"to an env of no key":     {func(c *Change) { c.ToEnv = string(r1) }, false},
		"to an env and more":      {func(c *Change) { c.ToEnv = e1 + "/.." }, false},
		"an unknown verb":         {func(c *Change) { c.Verb = "destroy" }, false},
		"no verb":                 {func(c *Change) { c.Verb = "" }, false},
		"an unknown outcome":      {func(c *Change) { c.Outcome = "dead" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			line := good(c.change)
			if h := ParseHistory([]string{line}); (len(h) == 1) != c.taken {
				t.Errorf("%s: taken: %v", line, !c.taken)
			}
		})
	}
}

func TestOfTwoValuesInALineTheOneThatCountsIsLookedAt(t *testing.T) {
	for _, line := range []string{
		`{"verb": "deploy", "to": "20240101T000000", "to": "../x"}`,
		`{"verb": "deploy", "to": "20240101T000000", "TO": "../x"}`,
	} {
		if h := ParseHistory([]string{line}); len(h) != 0 {
			t.Errorf("%s became %+v", line, h)
		}
	}
}

func TestAChangeWithoutEnvironmentsWritesNone(t *testing.T) {
	line, err := deployed(r1).JSON()
	if err != nil || strings.Contains(line, "env") || strings.Contains(line, "forced") {
		t.Errorf("%v: %s", err, line)
	}
}

func TestLatestOfReturnsTheLastLiveActivation(t *testing.T) {
	failed := with(ended(Reverted), e3)
	h := History{with(deployed(r1), e1), deployed(r2), with(deployed(r1), e2), with(deployed(r4), e1), failed}
	for id, want := range map[ID]Activation{r1: {r1, e2}, r2: {r2, ""}, r4: {r4, e1}} {
		if got, ok := h.LatestOf(id); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", id, got, ok, want)
		}
	}
	if got, ok := h.LatestOf(r3); ok || !got.IsZero() {
		t.Errorf("%v was never live", got)
	}
}

// A change starts from what is current, which is what went live last.
func TestARecordThatContradictsItsHistory(t *testing.T) {
	revert := Change{Key: "k", Verb: Revert, From: r2, To: r1, Outcome: Live}
	toNothing := Change{Key: "k", Verb: Revert, From: r1, Outcome: Live}
	failed := Change{Key: "k", Verb: Deploy, From: r1, To: r2, Outcome: Reverted}
	migrated := Change{Key: "k", Verb: Migrate, From: r1, To: r2, Outcome: Started}
	inEnv := Change{Key: "k", Verb: Deploy, To: r1, ToEnv: e1, Outcome: Live}
	for name, c := range map[string]struct {
		h       History
		from    ID
		fromEnv string
		wrong   bool
	}{
		"what went live last":               {History{deployed(r1), deployed(r2)}, r2, "", false},
		"what went live before":             {History{deployed(r1), deployed(r2)}, r1, "", true},
		"what never was there":              {History{deployed(r1)}, r4, "", true},
		"nothing, where something was":      {History{deployed(r1)}, "", "", true},
		"after a rollback":                  {History{deployed(r1), deployed(r2), rolledTo(r1)}, r1, "", false},
		"what a rollback left":              {History{deployed(r1), deployed(r2), rolledTo(r1)}, r2, "", true},
		"after a revert":                    {History{deployed(r1), deployed(r2), revert}, r1, "", false},
		"after a revert to nothing":         {History{deployed(r1), toNothing}, "", "", false},
		"what a revert to nothing took":     {History{deployed(r1), toNothing}, r1, "", true},
		"after a failure":                   {History{deployed(r1), failed}, r1, "", false},
		"what failed":                       {History{deployed(r1), failed}, r2, "", true},
		"after migrations":                  {History{deployed(r1), migrated}, r1, "", false},
		"with its environment":              {History{inEnv}, r1, e1, false},
		"with another environment":          {History{inEnv}, r1, e2, true},
		"without its environment":           {History{inEnv}, r1, "", true},
		"a first change":                    {nil, "", "", false},
		"what another tool made":            {nil, r1, "", false},
		"what another tool made, and fails": {History{failed}, r3, "", false},
	} {
		err := c.h.Contradicts(Change{Key: "k2", Verb: Deploy, From: c.from, FromEnv: c.fromEnv, To: r3})
		if (err != nil) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := History{deployed(r1)}.Contradicts(Change{From: r4, To: r2})
	for _, word := range []ID{r1, r2, r4} {
		if !strings.Contains(err.Error(), string(word)) {
			t.Errorf("%v does not say %s", err, word)
		}
	}
}
