package power

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tally counts cuts: by step, and by what became of the journal; and whether
// they were between commands.
type tally map[string]*[5]int

func (t tally) add(at hit, h how) {
	if t[at.step] == nil {
		t[at.step] = new([5]int)
	}
	t[at.step][h]++
	if at.where == "any time" {
		t[at.step][4]++
	}
}

func (t tally) sum() int {
	n := 0
	for _, row := range t {
		n += row[flushed] + row[logFlush] + row[noFlush] + row[apart]
	}
	return n
}

func (t tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s %16s %16s %8s %12s   of these at any time\n", "step", noFlush, logFlush, apart, flushed)
	for _, step := range slices.Sorted(maps.Keys(t)) {
		row := t[step]
		fmt.Fprintf(&b, "%-10s %16d %16d %8d %12d   %d\n", step, row[noFlush], row[logFlush], row[apart], row[flushed], row[4])
	}
	return b.String()
}
