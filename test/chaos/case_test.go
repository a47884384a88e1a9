package chaos

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// fault is what goes wrong.
type fault string

const (
	cut       fault = "cut"       // both ends see the connection end
	reset     fault = "reset"     // both ends get a TCP reset
	stall     fault = "stall"     // nothing arrives any more, and nobody is told
	client    fault = "client"    // kill -9 of Slipway
	kill      fault = "kill"      // kill -9 of the script
	killgroup fault = "killgroup" // kill -9 of the script and all that it has started
	crash     fault = "crash"     // killgroup, and the connection is cut: nobody is there to put it right
	noBytes   fault = "bytes"     // the disk is full until the run has ended
	noInodes  fault = "inodes"    // the same, with inodes
	noSudo    fault = "sudo"      // sudo refuses, likewise
	clock     fault = "clock"     // the host's clock is set back by a day
	unitOnce  fault = "unit-once" // the next release fails to start once
	unitLimit fault = "unit-limit"
	unitFlap  fault = "unit-flap" // its process is killed again and again
	// Slipway stands still, and its connection lives, while another run deploys
	// or rolls back.
	frozen     fault = "frozen"
	frozenBack fault = "frozen-back"
)

// wire are the faults of every step, before and after it.
var wire = []fault{cut, stall, reset, client, kill}

// still are the faults after which a run goes on that has lost its lock. They are
// tried at every step but the lock itself.
var still = []fault{frozen, frozenBack}

// freezes: Slipway stands still for a while.
func (c trial) freezes() bool { return slices.Contains(still, c.fault) }

// when is the side of a point.
type when string

const (
	before when = "before"
	after  when = "after"
)

// point is where a fault happens: at a step of a host, or at a command inside of
// it, or after so many bytes.
type point struct {
	host    int    // which one of the run
	step    string // with its occurrence: probe#2
	command string // inside of the step, with its occurrence: mv#1; or empty
	when    when
	way     string // up or down, for bytes
	bytes   int64
}

func (p point) String() string {
	host := ""
	if p.host > 0 {
		host = fmt.Sprintf("%d:", p.host+1)
	}
	switch {
	case p.way != "":
		return fmt.Sprintf("%s%s@%d", host, p.way, p.bytes)
	case p.command != "":
		return fmt.Sprintf("%s%s/%s/%s", host, p.step, p.command, p.when)
	}
	return fmt.Sprintf("%s%s/%s", host, p.step, p.when)
}

// trial is one case.
type trial struct {
	scenario *scenario
	point    point
	fault    fault
}

func (c trial) String() string { return fmt.Sprintf("%s/%s/%s", c.scenario.name, c.point, c.fault) }

// scripted: the script itself was killed, so that the host may be half-way until
// the next run.
func (c trial) scripted() bool { return c.fault == kill || c.fault == killgroup || c.fault == crash }

// severed: the run that was hit could not do anything any more.
func (c trial) severed() bool {
	return c.fault == cut || c.fault == reset || c.fault == stall || c.fault == client || c.fault == crash
}

func (c trial) unit() bool { return c.fault == unitOnce || c.fault == unitLimit || c.fault == unitFlap }

var trialName = regexp.MustCompile(`^([a-z0-9-]+)/(?:(\d+):)?(?:(up|down)@(\d+)|([a-z-]+#\d+)/(?:([a-z0-9]+#\d+)/)?(before|after))/([a-z-]+)$`)

// parseTrial reads a case's name.
func parseTrial(name string) (trial, error) {
	m := trialName.FindStringSubmatch(name)
	if m == nil {
		return trial{}, fmt.Errorf("%q is not the name of a case", name)
	}
	s := scenarioNamed(m[1])
	if s == nil {
		return trial{}, fmt.Errorf("%q: there is no scenario %s", name, m[1])
	}
	host, _ := strconv.Atoi(m[2])
	bytes, _ := strconv.ParseInt(m[4], 10, 64)
	p := point{host: max(0, host-1), step: m[5], command: m[6], when: when(m[7]), way: m[3], bytes: bytes}
	return trial{s, p, fault(m[8])}, nil
}
