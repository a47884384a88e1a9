package chaos

// few are the cases of "make test": each promise is checked after faults of each
// kind, before the switch, at it and after it. "make full" takes a sample of all
// cases, and "make chaos" has them all.
var few = []string{
	"first/activate#1/before/client",
	"deploy/stage#1/after/cut",
	"deploy/activate#1/before/sudo",
	"deploy/activate#1/mv#1/after/crash",
	"deploy/conclude#1/before/killgroup",
	"revert/activate#2/before/client",
	"rollback/activate#1/after/reset",
	"repair/tidy#1/after/client",
	"undo/activate#1/before/cut",
	"deploy-two/2:activate#1/after/client",
	"deploy/probe#2/after/frozen",
	"rollback/activate#1/before/frozen-back",
}
