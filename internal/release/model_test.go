package release

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A model is a host as its operator thinks of it: a pile of cards, the cards that
// were taken off for good reason, and the releases on the disk. It shares nothing
// with the code under test but the names.
type model struct {
	pile    string   // a letter per activation in the pile, e.g. "AbC"
	last    string   // the letters in the order of being live, latest at the end
	bad     string   // the letters of releases that a rollback took off
	disk    string   // the letters of releases on the disk
	history []string // the lines of the host's history
}

// The letters A to F are the releases R1 to R6; capital letters carry one
// environment, small ones another.
func activationOf(letter byte) Activation {
	if letter >= 'a' {
		return Activation{releaseOf(letter), e2}
	}
	return Activation{releaseOf(letter), e1}
}

func releaseOf(letter byte) ID {
	return ID(fmt.Sprintf("2024010%dT000000", strings.ToUpper(string(letter))[0]-'A'+1))
}

func letters(pile string) []Activation {
	var all []Activation
	for i := range len(pile) {
		all = append(all, activationOf(pile[i]))
	}
	return all
}

func sameRelease(a, b byte) bool { return a == b || a^0x20 == b }

func (m *model) write(t *testing.T, verb Verb, letter byte, outcome Outcome) {
	t.Helper()
	a := activationOf(letter)
	line, err := Change{Key: fmt.Sprintf("k%d", len(m.history)), Verb: verb, To: a.ID, ToEnv: a.Env, Outcome: outcome}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	m.history = append(m.history, line)
}

// lives records that an activation was proved.
func (m *model) lives(letter byte) {
	m.last += string(letter)
	m.bad = without(m.bad, letter)
	m.disk = without(m.disk, letter) + string(letter)
}

func without(letters string, letter byte) string {
	return strings.Map(func(r rune) rune {
		if sameRelease(byte(r), letter) {
			return -1
		}
		return r
	}, letters)
}

func (m *model) deploy(t *testing.T, letter byte) {
	m.write(t, Deploy, letter, Live)
	if !strings.HasSuffix(m.pile, string(letter)) {
		m.pile += string(letter)
	}
	m.lives(letter)
}

func (m *model) rollback(t *testing.T, letter byte) {
	m.write(t, Rollback, letter, Live)
	if strings.IndexByte(m.pile, letter) < 0 {
		m.pile += string(letter)
	}
	for m.pile[len(m.pile)-1] != letter {
		m.bad += m.pile[len(m.pile)-1:]
		m.pile = m.pile[:len(m.pile)-1]
	}
	m.lives(letter)
}

// revert takes the top card off, through no fault of its own.
func (m *model) revert(t *testing.T) {
	t.Helper()
	top := activationOf(m.pile[len(m.pile)-1])
	m.pile = m.pile[:len(m.pile)-1]
	c := Change{Key: fmt.Sprintf("k%d", len(m.history)), Verb: Revert, From: top.ID, FromEnv: top.Env, Outcome: Live}
	if m.pile != "" {
		letter := m.pile[len(m.pile)-1]
		c.To, c.ToEnv = activationOf(letter).ID, activationOf(letter).Env
		m.lives(letter)
	}
	line, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	m.history = append(m.history, line)
}

// named returns the letter that a person means by a release ID.
func (m *model) named(letter byte) byte {
	for _, place := range []string{m.pile, m.last} {
		for i := len(place) - 1; i >= 0; i-- {
			if sameRelease(place[i], letter) {
				return place[i]
			}
		}
	}
	return 0
}

func (m *model) step(t *testing.T, random *rand.Rand) {
	letter := "ABCDEFabcdef"[random.IntN(12)]
	switch random.IntN(11) {
	case 10:
		if m.pile != "" {
			m.revert(t)
		}
	case 0, 1, 2, 3:
		m.deploy(t, letter)
	case 4:
		verb := []Verb{Deploy, Rollback}[random.IntN(2)]
		m.write(t, verb, letter, []Outcome{Reverted, Interrupted, ""}[random.IntN(3)])
	case 5:
		m.history = append(m.history, `{"key":"torn","verb":"deploy","to":"20240101T0000`)
	case 6, 7:
		if len(m.pile) > 1 {
			m.rollback(t, m.pile[len(m.pile)-2])
		}
	case 8:
		if named := m.named(letter); named != 0 {
			m.rollback(t, named)
		}
	case 9:
		m.prune(t, random.IntN(4))
	}
}

// prune removes what the code chooses, and fails if that may not be removed.
func (m *model) prune(t *testing.T, keep int) {
	t.Helper()
	var present []ID
	for i := range len(m.disk) {
		present = append(present, releaseOf(m.disk[i]))
	}
	removed := Prune(present, ParseHistory(m.history), keep)
	for i := range len(m.pile) {
		if i >= len(m.pile)-2 && slices.Contains(removed, releaseOf(m.pile[i])) {
			t.Fatalf("pruned %s of %s", releaseOf(m.pile[i]), m)
		}
	}
	m.disk = strings.Map(func(r rune) rune {
		if slices.Contains(removed, releaseOf(byte(r))) {
			return -1
		}
		return r
	}, m.disk)
}

func (m *model) String() string {
	return fmt.Sprintf("pile %q, last %q, bad %q, disk %q\n%s", m.pile, m.last, m.bad, m.disk, strings.Join(m.history, "\n"))
}

// compare asks the history every question that the code asks it, and compares the
// answers with the model.
func (m *model) compare(t *testing.T) {
	t.Helper()
	h := ParseHistory(m.history)
	stack := h.Stack()
	if !slices.Equal(stack, letters(m.pile)) {
		t.Fatalf("stack %v of %s", stack, m)
	}
	target, err := RollbackTarget(map[string]HostState{"web1": {Stack: stack}})
	if (err == nil) != (len(m.pile) > 1) || err == nil && target != activationOf(m.pile[len(m.pile)-2]) {
		t.Fatalf("rollback to %v (%v) of %s", target, err, m)
	}
	for i := range len("ABCDEF") {
		letter := "ABCDEF"[i]
		if _, bad := h.Bad(releaseOf(letter), ""); bad != (without(m.bad, letter) != m.bad) {
			t.Fatalf("%s bad: %v of %s", releaseOf(letter), bad, m)
		}
		want, named := Activation{ID: releaseOf(letter)}, m.named(letter)
		if named != 0 {
			want = activationOf(named)
		}
		if got, ok := h.Choose(releaseOf(letter)); got != want || ok != (named != 0) {
			t.Fatalf("%s means %v, %v of %s", releaseOf(letter), got, ok, m)
		}
	}
	gone := PruneActivations([]string{e1, e2}, h, nil)
	for i := max(0, len(m.pile)-2); i < len(m.pile); i++ {
		if slices.Contains(gone, activationOf(m.pile[i]).Env) {
			t.Fatalf("removes the environment of %v of %s", activationOf(m.pile[i]), m)
		}
	}
}

func TestTheHistoryIsWhatItsOperatorThinksOfIt(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 2))
		m := &model{}
		for range 1 + random.IntN(25) {
			m.step(t, random)
			m.compare(t)
		}
	}
}
