package power

import (
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
)

// The check of the record must find what it is there for.
func TestWhichRecordMayBeThere(t *testing.T) {
	change := func(key string, from, to int) release.Change {
		return release.Change{Key: key, Verb: release.Deploy, From: light.At(from), To: light.At(to), Outcome: release.Live}
	}
	older, last, next := change("older", 1, 2), change("last", 2, 3), change("next", 3, 4)
	history := release.History{older, last}
	other := next
	other.To = light.At(5)
	for name, c := range map[string]struct {
		record    *release.Change
		current   release.Activation
		concluded bool // what was reported of the next change
		wrong     bool
	}{
		"none":                            {nil, last.Target(), true, false},
		"none, before the switch":         {nil, last.Target(), false, false},
		"none, after the switch":          {nil, next.Target(), false, true},
		"one that came back":              {&last, last.Target(), false, false},
		"one that came back, concluded":   {&last, last.Target(), true, false},
		"one that came back, but no link": {&last, next.Target(), false, true},
		"an older one":                    {&older, last.Target(), true, true},
		"of what is under way":            {&next, last.Target(), false, false},
		"of what is under way, switched":  {&next, next.Target(), false, false},
		"of what is under way, elsewhere": {&next, older.Target(), false, true},
		"of what has ended":               {&next, last.Target(), true, true},
		"with another text":               {&other, last.Target(), false, true},
	} {
		k := newKnown()
		k.record, k.concluded = next, c.concluded
		for _, written := range []release.Change{older, last, next} {
			k.records[written.Key], _ = written.JSON()
		}
		s := state{current: c.current, record: c.record, changes: history}
		if c.record != nil {
			s.recordText, _ = c.record.JSON()
		}
		if err := k.checkRecord(s); (err != nil) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}
