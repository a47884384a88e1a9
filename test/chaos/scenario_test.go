package chaos

// scenario is what is run, from which state.
type scenario struct {
	name   string
	kind   *kind
	hosts  int
	start  string // the snapshot
	verb   string
	spoilt bool // the release does not work, and the run has to put the old one back
	dead   bool // a run died before
}

// The states that hosts are put into: three releases were live one after the
// other; or none; or a run to a fourth one died after the switch.
const (
	three = "three"
	none  = "none"
	dead  = "dead"
)

var scenarios = []*scenario{
	{name: "deploy", kind: light, hosts: 1, start: three, verb: "deploy"},
	{name: "rollback", kind: light, hosts: 1, start: three, verb: "rollback"},
	{name: "first", kind: light, hosts: 1, start: none, verb: "deploy"},
	{name: "revert", kind: light, hosts: 1, start: three, verb: "deploy", spoilt: true},
	{name: "repair", kind: light, hosts: 1, start: dead, verb: "deploy", dead: true},
	{name: "undo", kind: light, hosts: 1, start: dead, verb: "rollback", dead: true},
	{name: "deploy-two", kind: light, hosts: 2, start: three, verb: "deploy"},
	{name: "deploy-four", kind: light, hosts: 4, start: three, verb: "deploy"},
	{name: "rollback-two", kind: light, hosts: 2, start: three, verb: "rollback"},
	{name: "rollback-four", kind: light, hosts: 4, start: three, verb: "rollback"},
	{name: "beam-deploy", kind: beam, hosts: 1, start: three, verb: "deploy"},
	{name: "beam-rollback", kind: beam, hosts: 1, start: three, verb: "rollback"},
}

func scenarioNamed(name string) *scenario {
	for _, s := range scenarios {
		if s.name == name {
			return s
		}
	}
	return nil
}

// snapshot is the directory that a host is put back to.
func (s *scenario) snapshot() string { return s.kind.name + "-" + s.start }

// before is the stack of releases at the start.
func (s *scenario) before() []string {
	if s.start == none {
		return nil
	}
	return s.kind.ids[:3]
}

// next is the release that the run switches to.
func (s *scenario) next() string {
	switch {
	case s.spoilt:
		return s.kind.bad
	case s.verb == "deploy":
		return s.kind.ids[3]
	case s.dead:
		return s.kind.ids[2]
	}
	return s.kind.ids[1]
}

// result is the stack of releases at the end of the run that ends well.
func (s *scenario) result() []string {
	switch {
	case s.verb == "rollback" && s.dead:
		return s.before()
	case s.verb == "rollback":
		return s.before()[:2]
	}
	return append(append([]string{}, s.before()...), s.kind.ids[3])
}
