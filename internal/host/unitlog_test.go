package host

import (
	"slices"
	"testing"

	"github.com/apxr/slipway/internal/script"
)

func TestLogsThatOverlapAreJoined(t *testing.T) {
	t.Parallel()
	all := []script.LogLine{{At: "1", Text: "a"}, {At: "2", Text: "b"}, {At: "3", Text: "c"}, {At: "4", Text: "c"}, {At: "4", Text: "d"}, {At: "5", Text: "e"}}
	for from := range len(all) {
		for to := from; to <= len(all); to++ {
			if got := joined(slices.Clone(all[:to]), all[from:]); !slices.Equal(got, all) {
				t.Errorf("%d lines, and those from %d: %q", to, from, got)
			}
		}
	}
	if got := joined(all[:1], nil); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
