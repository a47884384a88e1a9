package script

import (
	"fmt"
	"strings"
	"time"
)

// Tracer is a [Machine] that gets a trace of each script, its arguments and its
// facts. The trace never has the script's input, which contains the secrets.
type Tracer interface {
	Traced(step, what string)
}

// Bounds of a trace. An inventory has thousands of facts.
const (
	mostTraced = 50  // facts of one run
	maxTraced  = 300 // bytes of an argument
)

// trace passes one run of a script to a Tracer.
type trace struct {
	tell  func(what string)
	began time.Time
	facts int
}

// traced begins the trace of a call. Without a Tracer the trace goes nowhere.
func (c call) traced(m Machine) *trace {
	t := &trace{tell: func(string) {}, began: time.Now()}
	if tracer, ok := m.(Tracer); ok {
		t.tell = func(what string) { tracer.Traced(c.script, what) }
	}
	t.tell("runs" + c.args.told())
	return t
}

func (t *trace) fact(line string) {
	if t.facts++; t.facts <= mostTraced {
		t.tell(line)
	}
}

func (t *trace) end() {
	if more := t.facts - mostTraced; more > 0 {
		t.tell(fmt.Sprintf("... and %d more", more))
	}
	t.tell(fmt.Sprintf("ended after %.2f s", time.Since(t.began).Seconds()))
}

// told returns the arguments in readable form.
func (as args) told() string {
	var b strings.Builder
	for i, a := range as {
		if i == 0 {
			b.WriteString(" with")
		}
		value := strings.ReplaceAll(a.value, "\n", `\n`)
		if len(value) > maxTraced {
			value = strings.ToValidUTF8(value[:maxTraced], "") + "..."
		}
		b.WriteString(" " + a.name + "=" + value)
	}
	return b.String()
}
