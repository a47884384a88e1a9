package release

import (
	"strings"
	"testing"
)

// of returns the change with the revision that its release was built from.
func of(c Change, revision string) Change { c.Revision = revision; return c }

func keyed(c Change, key string) Change { c.Key = key; return c }

func TestOnlyARollbackMakesAReleaseBad(t *testing.T) {
	d1, d2, d3 := of(deployed(r1), "aa"), of(deployed(r2), "bb"), of(deployed(r3), "cc")
	back := func(id ID, key string) Change { return keyed(rolledTo(id), key) }
	for name, c := range map[string]struct {
		h        History
		id       ID
		revision string
		by       string // key of the rollback; empty if it is not bad
	}{
		"what runs":                               {History{d1, d2}, r2, "bb", ""},
		"the one below":                           {History{d1, d2}, r1, "aa", ""},
		"never seen":                              {History{d1, d2, back(r1, "k")}, r4, "dd", ""},
		"popped":                                  {History{d1, d2, back(r1, "k")}, r2, "bb", "k"},
		"popped, known by its ID":                 {History{d1, d2, back(r1, "k")}, r2, "", "k"},
		"popped, known by its revision":           {History{d1, d2, back(r1, "k")}, r4, "bb", "k"},
		"gone back to":                            {History{d1, d2, back(r1, "k")}, r1, "aa", ""},
		"no revision is equal to none":            {History{deployed(r1), deployed(r2), back(r1, "k")}, r4, "", ""},
		"nor one that only this release lacks":    {History{d1, deployed(r2), back(r1, "k")}, r4, "", ""},
		"all that one rollback pops":              {History{d1, d2, d3, back(r1, "k")}, r2, "bb", "k"},
		"each by its own rollback":                {History{d1, d2, d3, back(r2, "k1"), back(r1, "k2")}, r3, "cc", "k1"},
		"also after other deploys":                {History{d1, d2, back(r1, "k"), d3, of(deployed(r4), "dd")}, r2, "bb", "k"},
		"failed deploys are not bad":              {History{d1, of(ended(Reverted), "dd")}, r4, "dd", ""},
		"dead ones neither":                       {History{d1, of(ended(Interrupted), "dd")}, r4, "dd", ""},
		"a failed rollback marks nothing":         {History{d1, d2, d3, undone(Reverted)}, r3, "cc", ""},
		"nor one under way":                       {History{d1, d2, d3, undone("")}, r3, "cc", ""},
		"a rollback that pushes marks nothing":    {History{d1, d2, back(r3, "k")}, r2, "bb", ""},
		"forced: live again":                      {History{d1, d2, back(r1, "k"), d2}, r2, "bb", ""},
		"back to it by its ID":                    {History{d1, d2, back(r1, "k"), back(r2, "k2")}, r2, "bb", ""},
		"by its ID, which clears its revision":    {History{d1, d2, back(r1, "k"), back(r2, "k2")}, r4, "bb", ""},
		"forced, and failed again":                {History{d1, d2, back(r1, "k"), of(Change{Verb: Deploy, To: r2, Outcome: Reverted}, "bb")}, r2, "bb", "k"},
		"another build of it is live":             {History{d1, d2, back(r1, "k"), of(deployed(r3), "bb")}, r4, "bb", ""},
		"which does not make the bad build good":  {History{d1, d2, back(r1, "k"), of(deployed(r3), "bb")}, r2, "bb", "k"},
		"live again, and popped again":            {History{d1, d2, back(r1, "k"), d2, back(r1, "k2")}, r2, "bb", "k2"},
		"another environment of what runs":        {History{d1, d2, with(d2, e2), back(r2, "k")}, r2, "bb", ""},
		"environments and then the release":       {History{d1, d2, with(d2, e2), back(r1, "k")}, r2, "bb", "k"},
		"a rebuild of what is gone back to":       {History{d1, of(deployed(r2), "aa"), back(r1, "k")}, r4, "aa", ""},
		"and that rebuild by its ID":              {History{d1, of(deployed(r2), "aa"), back(r1, "k")}, r2, "aa", "k"},
		"a revision that only the first line had": {History{d1, d2, deployed(r3), deployed(r2), back(r1, "k")}, r4, "bb", "k"},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := c.h.Bad(c.id, c.revision)
			if got.Key != c.by || bad != (c.by != "") {
				t.Errorf("got %v by %q, want %q", bad, got.Key, c.by)
			}
			if bad && (got.Verb != Rollback || got.Outcome != Live) {
				t.Errorf("blames %+v", got)
			}
		})
	}
}

func TestBadDoesNotChangeTheHistory(t *testing.T) {
	h := History{deployed(r1), deployed(r2), deployed(r3), rolledTo(r1), deployed(r4)}
	before := strings.Join(lines(t, h), "\n")
	h.Bad(r2, "")
	if after := strings.Join(lines(t, h), "\n"); after != before {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
}

func lines(t *testing.T, h History) []string {
	t.Helper()
	var all []string
	for _, c := range h {
		line, err := c.JSON()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}
