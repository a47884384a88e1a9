package rollout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

const (
	pollInterval  = 250 * time.Millisecond
	answerTimeout = 5 * time.Second // one health request
)

// fatal is a finding that waiting does not mend.
type fatal struct{ error }

// prove waits until the host runs the release for good: the unit is active, its
// main process is this release, the health URL answers 2xx, and all of that is
// still so, in the same process, after the settle time.
func (r *run) prove(ctx context.Context, h *host, want release.ID, settle time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, r.plan.HealthTimeout)
	defer cancel()
	var first *script.Service
	var goodSince time.Time
	var wrong error // what the last finished look found
	for looks := 1; ; looks++ {
		now, err := r.look(ctx, h, want, first)
		if ctx.Err() == nil {
			wrong = err
		}
		if first == nil && now.PID > 0 {
			first = &now
		}
		switch {
		case errors.As(err, new(fatal)):
			return err
		case err != nil:
			goodSince = time.Time{}
		case goodSince.IsZero():
			goodSince = time.Now()
		case time.Since(goodSince) >= settle:
			return nil
		}
		select {
		case <-ctx.Done():
			return r.gaveUp(ctx, wrong, looks, settle)
		case <-time.After(pollInterval):
		}
	}
}

func (r *run) gaveUp(ctx context.Context, wrong error, looks int, settle time.Duration) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("the run was cancelled before the release was proved")
	}
	switch {
	case wrong == nil && settle == 0:
		wrong = errors.New("there was no time for a look")
	case wrong == nil:
		wrong = fmt.Errorf("it did not stay up for %s", settle)
	}
	return fmt.Errorf("not proved within %s (looked %s): %w", r.plan.HealthTimeout, count(looks, "time"), wrong)
}

// look checks once. What it compares with is the first look at a main process
// of this activation, nil before that.
func (r *run) look(ctx context.Context, h *host, want release.ID, first *script.Service) (script.Service, error) {
	now, err := script.Probe(ctx, h, r.plan.Layout, r.plan.Unit)
	if err != nil {
		return now, err
	}
	switch {
	case now.Active == "failed":
		return now, fatal{fmt.Errorf("%s failed (%s)", r.plan.Unit, now.Result)}
	case first != nil && now.Restarts > first.Restarts:
		return now, fatal{fmt.Errorf("the release exits: systemd had to start %s again", r.plan.Unit)}
	case now.Active != "active":
		return now, fmt.Errorf("%s is %s (%s)", r.plan.Unit, now.Active, now.Sub)
	case first != nil && now.PID != first.PID:
		return now, fatal{fmt.Errorf("the main process of %s changed from %d to %d: something restarts it", r.plan.Unit, first.PID, now.PID)}
	case now.Current != want:
		return now, fatal{fmt.Errorf("current is %s: something else changed it", orNothing(now.Current))}
	case now.Running != want:
		return now, fmt.Errorf("the main process of %s runs %s (does its ExecStart use %s/current?)", r.plan.Unit, orNothing(now.Running), r.plan.Layout.Base)
	}
	return now, r.ask(ctx, h)
}

// ask requests the health URL as the host itself sees it.
func (r *run) ask(ctx context.Context, h *host) error {
	if r.plan.HealthURL == nil {
		return nil
	}
	client := http.Client{
		Timeout:   answerTimeout,
		Transport: &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true},
		// A redirect is an answer like any other: following it would prove
		// something else than what was asked for.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.plan.HealthURL.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "slipway")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer from the health URL: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s answers %d %s", r.plan.HealthURL, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

// proveStopped is the proof for a host on which nothing ran before.
func (r *run) proveStopped(ctx context.Context, h *host) error {
	now, err := script.Probe(ctx, h, r.plan.Layout, r.plan.Unit)
	if err != nil {
		return err
	}
	if now.Active == "active" || now.Current != "" {
		return fmt.Errorf("%s is %s and current is %s", r.plan.Unit, now.Active, orNothing(now.Current))
	}
	return nil
}
