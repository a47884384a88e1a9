package chaos

import "testing"

func TestTheNameOfACaseIsAllThatRepeatsIt(t *testing.T) {
	for _, name := range []string{
		"deploy/activate#1/before/cut",
		"rollback/inspect#1/after/stall",
		"revert/activate#2/mv#1/before/killgroup",
		"first/stage#1/sha256sum#1/after/crash",
		"undo/up@4711/reset",
		"deploy-four/3:probe#2/after/client",
		"beam-deploy/hook#2/before/unit-flap",
	} {
		c, err := parseTrial(name)
		if err != nil || c.String() != name {
			t.Errorf("%q is read as %v, %v", name, c, err)
		}
	}
	for _, name := range []string{"", "deploy", "nothing/lock#1/before/cut", "deploy/lock#1/cut", "deploy/lock/before/cut"} {
		if c, err := parseTrial(name); err == nil {
			t.Errorf("%q is read as %v", name, c)
		}
	}
}

func TestAFaultComesAtItsPointAndOnce(t *testing.T) {
	p := point{host: 1, step: "probe#2", when: before}
	a := &attempt{trial: trial{fault: kill, point: p}, counts: []map[string]int{{}, {}}, proxies: make([]*proxy, 2), machines: make([]*machine, 2)}
	for i, step := range []struct {
		host int
		line string
		want string
	}{
		{1, "before probe", "go probe#1"},
		{0, "before probe", "go probe#1"},
		{0, "before probe", "go probe#2"},
		{1, "after probe#1 0", "go"},
		{1, "before probe", "kill"},
		{1, "before probe", "go probe#3"},
	} {
		if got := a.ring(step.host, step.line); got != step.want {
			t.Errorf("%d: %q is answered %q, want %q", i, step.line, got, step.want)
		}
	}
	if !a.fired {
		t.Error("it did not come")
	}
}
