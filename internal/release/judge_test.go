package release

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

var (
	rev1 = strings.Repeat("1", 40)
	rev2 = strings.Repeat("2", 40)
	rev4 = strings.Repeat("4", 40)
)

// rolledBackAtNight returns deploys of r1 and r2 and a rollback to r1 that names
// who did it.
func rolledBackAtNight() History {
	back := rolledTo(r1)
	back.At = time.Date(2024, 1, 5, 3, 4, 5, 0, time.FixedZone("CET", 3600))
	back.Who, back.Run = "ann", "https://github.test/apxr/runs/7"
	return History{of(deployed(r1), rev1), of(deployed(r2), rev2), back}
}

func TestJudgement(t *testing.T) {
	runs1 := of(deployed(r1), rev1)
	blamed := []string{"was rolled back", "2024-01-05T02:04:05Z", "by ann", "https://github.test/apxr/runs/7"}
	for name, c := range map[string]struct {
		h        History
		id       ID
		revision string
		running  Change
		rel      Relation
		want     VerdictKind
		reason   []string
	}{
		"nothing runs":                        {nil, r2, rev2, Change{}, Unknown, Fresh, nil},
		"nothing runs, whatever git says":     {nil, r2, rev2, Change{}, Ancestor, Fresh, nil},
		"git knows that it is the same":       {nil, r2, "", runs1, Same, Fresh, nil},
		"newer":                               {nil, r2, rev2, runs1, Descendant, Fresh, nil},
		"another build of the same":           {nil, r2, rev1, runs1, Same, Fresh, nil},
		"another branch":                      {nil, r2, rev2, runs1, Unrelated, Fresh, nil},
		"older":                               {nil, r2, rev2, runs1, Ancestor, Superseded, []string{string(r2), rev2[:12], string(r1), "revision " + rev1[:12] + ")"}},
		"nobody knows":                        {nil, r2, rev2, runs1, Unknown, Unsure, []string{"nobody knows", string(r1), rev1[:12], rev2[:12]}},
		"nobody was asked":                    {nil, r2, rev2, runs1, "", Unsure, []string{"nobody knows"}},
		"a word that is not one of ours":      {nil, r2, rev2, runs1, "sibling", Unsure, []string{"nobody knows"}},
		"a target without a revision":         {nil, r2, "", runs1, "", Unsure, []string{"nobody knows", string(r2)}},
		"nobody needs to know of equal ones":  {nil, r2, rev1, runs1, Unknown, Fresh, nil},
		"what runs has no revision":           {nil, r2, rev2, deployed(r1), Unknown, Fresh, nil},
		"the running release once more":       {nil, r1, rev1, runs1, Ancestor, Fresh, nil},
		"rolled back":                         {rolledBackAtNight(), r2, rev2, runs1, Descendant, RolledBack, append(blamed, string(r2), rev2[:12])},
		"rolled back, as another build":       {rolledBackAtNight(), r4, rev2, runs1, Descendant, RolledBack, append(blamed, string(r4), rev2[:12])},
		"bad comes before older":              {rolledBackAtNight(), r2, rev2, of(deployed(r4), rev4), Ancestor, RolledBack, blamed},
		"bad although nothing runs":           {rolledBackAtNight(), r2, rev2, Change{}, "", RolledBack, blamed},
		"bad and running: it is not for here": {rolledBackAtNight(), r2, rev2, of(deployed(r2), rev2), Same, Fresh, nil},
		"the next one after a bad one":        {rolledBackAtNight(), r4, rev4, runs1, Descendant, Fresh, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.h.Judge(c.id, c.revision, c.running, c.rel)
			if got.Kind != c.want || (got.Reason == "") != (c.want == Fresh) {
				t.Fatalf("got %+v, want %s", got, c.want)
			}
			for _, word := range c.reason {
				if !strings.Contains(got.Reason, word) {
					t.Errorf("%q does not say %q", got.Reason, word)
				}
			}
		})
	}
}

func TestARollbackByNobodyIsStillARollback(t *testing.T) {
	h := History{deployed(r1), deployed(r2), rolledTo(r1)}
	want := "release 20240102T000000 was rolled back; use force to deploy it all the same"
	if got := h.Judge(r2, "", deployed(r1), ""); got.Kind != RolledBack || got.Refusal() != want {
		t.Errorf("%+v", got)
	}
}

func TestAReasonIsOneLineWhateverTheHistoryHolds(t *testing.T) {
	h := rolledBackAtNight()
	h[2].Who, h[2].Run = "a\n::set-output name=x::\x1b[2J"+strings.Repeat("w", 1<<16), "\r\n"+strings.Repeat("r", 1<<16)
	running := of(deployed(r4), "\n::error::\x1b")
	for _, got := range []Verdict{
		h.Judge(r2, rev2, running, ""), h.Judge(r3, "\n\x00", running, Ancestor), h.Judge(r3, "\u0085x", running, Unknown),
	} {
		if got.Reason == "" || len(got.Reason) > 1000 || slices.ContainsFunc([]rune(got.Reason), unicode.IsControl) {
			t.Errorf("%s: %.200q, %d bytes", got.Kind, got.Reason, len(got.Reason))
		}
	}
}
