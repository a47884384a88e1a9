package release

import (
	"reflect"
	"testing"
)

func TestMigratedSince(t *testing.T) {
	live := func(verb Verb, to ID) Change { return Change{Verb: verb, To: to, Outcome: Live} }
	migrated := func(to ID) Change { return Change{Verb: Migrate, To: to, Outcome: Started} }
	const r1, r2, r3 = ID("20260101T000001"), ID("20260101T000002"), ID("20260101T000003")
	for name, c := range map[string]struct {
		history History
		to      ID
		want    []ID
	}{
		"its own are before it":          {History{migrated(r1), live(Deploy, r1)}, r1, nil},
		"those of the one above":         {History{migrated(r1), live(Deploy, r1), migrated(r2), live(Deploy, r2)}, r1, []ID{r2}},
		"without any":                    {History{live(Deploy, r1), live(Deploy, r2)}, r1, nil},
		"of a deploy that failed":        {History{live(Deploy, r1), migrated(r2), {Verb: Deploy, From: r1, To: r2, Outcome: Reverted}}, r1, []ID{r2}},
		"tried twice":                    {History{live(Deploy, r1), migrated(r2), migrated(r2), live(Deploy, r2), migrated(r3)}, r1, []ID{r2, r3}},
		"since it was live again":        {History{live(Deploy, r1), migrated(r2), live(Deploy, r2), live(Rollback, r1), live(Deploy, r3)}, r1, nil},
		"never live here, newer ones":    {History{migrated(r1), live(Deploy, r1), migrated(r3), live(Deploy, r3)}, r2, []ID{r3}},
		"another environment of it is a": {History{live(Deploy, r1), migrated(r1), {Verb: Deploy, To: r1, ToEnv: "k", Outcome: Live}}, r1, nil},
	} {
		if got := c.history.MigratedSince(Activation{ID: c.to}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAMigrationIsNotAStepOfTheStack(t *testing.T) {
	h := ParseHistory([]string{
		`{"key":"a","verb":"deploy","to":"20260101T000001","outcome":"live"}`,
		`{"key":"b","verb":"migrate","from":"20260101T000001","to":"20260101T000002","outcome":"started"}`,
		`{"key":"c","verb":"migrate","to":"20260101T000002","outcome":"live"}`, // Slipway never writes this
	})
	if len(h) != 2 || len(h.Stack()) != 1 || h.Stack()[0].ID != "20260101T000001" {
		t.Errorf("%v, stack %v", h, h.Stack())
	}
}
