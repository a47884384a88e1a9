package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
	"github.com/apxr/slipway/internal/words"
)

// The pauses between two looks grow from the first to the quick one, and then with the
// time that a host takes: who starts within a second is seen at once, and who takes a
// minute answers few requests.
const (
	firstPause = 50 * time.Millisecond
	quickPause = 250 * time.Millisecond
	lastPause  = 2 * time.Second
)

// nextPause returns the pause after a look, a tenth of the time spent so far at most.
func nextPause(last, spent time.Duration) time.Duration {
	return min(last*3/2, max(quickPause, spent/10), lastPause)
}

// fatal is a finding that does not go away with time.
type fatal struct{ error }

// proof looks at a host repeatedly until the host is proved to run what it
// should.
type proof struct {
	host    *Host
	want    release.Activation
	started script.Started         // the units' invocations before the restart; nil: no restart
	first   map[string]script.Unit // by name: the unit when its main process first ran this activation
	looks   int
	asked   int  // number of requests of the health URL
	bare    bool // without ports and health URL
}

func (h *Host) newProof(want release.Activation, started script.Started) *proof {
	return &proof{host: h, want: want, started: started, first: map[string]script.Unit{}}
}

// wait waits until the host runs the release in a stable way. Each unit has
// restarted and is active, and its main process is this release. The ports
// listen, and the health URL answers as expected. All of that still holds, in
// the same processes, after the settle time.
func (p *proof) wait(ctx context.Context, settle, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	waiting := p.host.run.Log.Wait(p.host.Name(), "the first look at it")
	defer waiting.End()
	began := time.Now()
	var goodSince time.Time
	var wrong error // result of the last complete look
	for pause := firstPause; ; pause = nextPause(pause, time.Since(began)) {
		asked := p.asked
		err := p.look(ctx)
		// A look that was cut by the time limit has no result. The exception is
		// the first request of the health URL: the application is up but does
		// not answer.
		if ctx.Err() == nil || asked == 0 && p.asked > 0 {
			wrong = err
		}
		switch {
		case errors.As(err, new(fatal)):
			return err
		case err != nil:
			goodSince = time.Time{}
		case goodSince.IsZero():
			goodSince = time.Now()
		}
		if err == nil && time.Since(goodSince) >= settle {
			p.host.result.Proof = p.said(time.Since(began), settle)
			return nil
		}
		waiting.For(awaited(err, settle))
		p.keepLogs(ctx, err)
		select {
		case <-ctx.Done():
			return p.gaveUp(ctx, wrong, settle, limit)
		case <-time.After(untilSettled(pause, goodSince, settle)):
		}
	}
}

// untilSettled returns the pause, which ends when a host has been good for long enough.
func untilSettled(pause time.Duration, goodSince time.Time, settle time.Duration) time.Duration {
	if goodSince.IsZero() {
		return pause
	}
	return max(time.Millisecond, min(pause, settle-time.Since(goodSince)))
}

// keepLogs reads the unit logs now and then while a host is not good: later the host
// may show only the traces of the looks. What cannot be read is an error only at the end.
func (p *proof) keepLogs(ctx context.Context, found error) {
	if found != nil && p.looks%looksUntilRead == 0 && p.host.logs.err == nil && !p.host.activated.IsZero() {
		p.host.readLogs(ctx)
	}
}

// said describes what was waited for, how often and how long.
func (p *proof) said(took, settle time.Duration) string {
	s := fmt.Sprintf("%s; looked %s in %.1f s", p.host.plan().Expected(), words.Count(p.looks, "time"), took.Seconds())
	if p.asked > 0 {
		s += fmt.Sprintf(", asked the health URL %s", words.Count(p.asked, "time"))
	}
	if settle > 0 {
		s += fmt.Sprintf(", and it stayed so for %s", settle)
	}
	return s
}

func (p *proof) gaveUp(ctx context.Context, wrong error, settle, limit time.Duration) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("the run was cancelled before the release was proved")
	}
	switch {
	case wrong == nil && settle == 0:
		wrong = errors.New("there was no time for a look")
	case wrong == nil:
		wrong = fmt.Errorf("it was up, and the time was over before it had been so for %s", settle)
	}
	return short{
		fmt.Errorf("not proved within %s (looked %s): %w", limit, words.Count(p.looks, "time"), wrong),
		cmp.Or(Short(wrong), wrong.Error()),
	}
}

// look checks the host once.
func (p *proof) look(ctx context.Context) error {
	p.looks++
	plan := p.host.plan()
	now, err := p.host.script().Probe(ctx, plan.Units, plan.Ports)
	if err != nil && p.host.conn.Lost() {
		return fatal{err}
	}
	if err != nil {
		return err
	}
	return p.judge(ctx, now)
}

// judge checks what a look has found, and asks the health URL.
func (p *proof) judge(ctx context.Context, now script.Service) error {
	plan := p.host.plan()
	if now.Current != p.want {
		return fatal{fmt.Errorf("current is %s, and not %s: did something else change it?", now.Current, p.want)}
	}
	var waiting error
	for _, u := range now.Units {
		if err := p.unit(u); errors.As(err, new(fatal)) {
			return err
		} else if waiting == nil {
			waiting = err
		}
	}
	if waiting != nil {
		return waiting
	}
	if p.bare {
		return nil
	}
	for _, port := range plan.Ports {
		if !slices.Contains(now.Listening, port) {
			return fmt.Errorf("nothing listens on port %d", port)
		}
	}
	if plan.Health == nil {
		return nil
	}
	p.asked++
	return p.host.ask(ctx, *plan.Health)
}

// unit checks one unit. All looks must see the same process: another process
// means that the first one died.
func (p *proof) unit(u script.Unit) error {
	before, restarted := p.started[u.Name]
	if restarted && before != "" && u.Invocation == before {
		return fmt.Errorf("%s has not been restarted yet (%s)", u.Name, u.Active)
	}
	first, known := p.first[u.Name]
	if !known && u.PID > 0 {
		p.first[u.Name] = u
	}
	switch {
	case u.Active == "failed":
		return fatal{failure(u)}
	case known && u.Restarts > first.Restarts:
		return fatal{fmt.Errorf("the release exits: systemd had to start %s again", u.Name)}
	case u.Active == "inactive" && u.Sub == "dead" && (known || restarted && u.Invocation != ""):
		return fatal{fmt.Errorf("the release ended by itself, without an error, and systemd does not start %s again", u.Name)}
	case u.Active != "active":
		return fmt.Errorf("%s is %s (%s)", u.Name, u.Active, u.Sub)
	case known && u.PID != first.PID:
		return fatal{fmt.Errorf("the main process of %s changed from %d to %d: something restarts it", u.Name, first.PID, u.PID)}
	case u.Running != p.want.ID:
		return fmt.Errorf("the main process of %s runs %s (does its ExecStart use %s/current?)", u.Name, words.OrNothing(u.Running), p.host.plan().Layout.Base)
	}
	return nil
}

// failure explains systemd's word for the failure of a unit.
func failure(u script.Unit) error {
	if strings.Contains(u.Result, "start-limit") {
		return fmt.Errorf("%s failed (%s): systemd started it too often in a short time and has given up; is something else restarting it? 'systemctl reset-failed %s' lets it start again", u.Name, u.Result, u.Name)
	}
	// After a series of restarts systemd keeps the result of the last one.
	if u.Restarts > 0 {
		return fmt.Errorf("the release exits: systemd started %s again %s and has given up (%s)", u.Name, words.Count(u.Restarts, "time"), u.Result)
	}
	return fmt.Errorf("%s failed (%s)", u.Name, u.Result)
}

// awaited describes what a host that is not proved yet waits for.
func awaited(found error, settle time.Duration) string {
	if found != nil {
		return found.Error()
	}
	return fmt.Sprintf("it is up, and has to stay so for %s", settle)
}
