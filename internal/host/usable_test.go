package host

import (
	"slices"
	"testing"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

func TestInsteadOfWhatIsNotThereARollbackOffersWhatIsBelow(t *testing.T) {
	ids := []release.ID{"20240101T000000", "20240102T000000", "20240103T000000"}
	var in script.Inspection
	for i, id := range ids {
		c := release.Change{Verb: release.Deploy, To: id, Outcome: release.Live}
		if i > 0 {
			c.From = ids[i-1]
		}
		in.History = append(in.History, c)
	}
	in.Current.ID = ids[2]
	for _, c := range []struct {
		name string
		not  release.ID
		want []release.ID
	}{
		{"the lowest one", ids[0], []release.ID{ids[1]}},
		{"one between", ids[1], []release.ID{ids[0]}},
		{"one that was never here", "20300101T000000", []release.ID{ids[1], ids[0]}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []release.ID
			for _, a := range instead(in, release.Activation{ID: c.not}) {
				got = append(got, a.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
