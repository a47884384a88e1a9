package script

import "fmt"

// allowance bounds the answer of one run of a script: a machine that sends facts
// without end must not make this program grow.
type allowance struct {
	facts int
	bytes int
	whole answerSize // the bounds at the beginning, for the error
}

type answerSize struct{ facts, bytes int }

// answers has the bounds of scripts whose answers grow with what is on the
// machine.
var answers = map[string]answerSize{
	"artifacts": {20_000, 64 << 20},     // the head of each manifest
	"assemble":  {1_000_000, 256 << 20}, // three lines for each file of the release
	"inspect":   {100_000, 32 << 20},    // releases, environments, and the lines of a whole history
	"unitlog":   {20_000, 16 << 20},
}

// usualAnswer is far more than other scripts need: each has a few dozen facts.
var usualAnswer = answerSize{10_000, 4 << 20}

// mostAnswer returns the bounds for a call.
func (c call) mostAnswer() allowance {
	size, ok := answers[c.script]
	if !ok {
		size = usualAnswer
	}
	return allowance{size.facts, size.bytes, size}
}

// spend counts bytes that have come. It reports whether they are too many.
func (a *allowance) spend(n int) bool {
	a.bytes -= n
	return a.bytes < 0
}

// exceeded returns the error of an answer that is too large.
func (a *allowance) exceeded(step string) error {
	return fmt.Errorf("the answer of step %s has more than %d facts or %d MiB, so the rest was not read: either something on this machine answers in place of the step's commands, such as a wrapper of sh or sudo, or a directory of the application has very many entries", step, a.whole.facts, a.whole.bytes>>20)
}
