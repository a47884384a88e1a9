package rollout

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/script"
)

// probed is a host that answers probes, one after the other; the last answer
// stays.
type probed struct {
	Host
	answers []script.Service
	http    string // what the application says to a request; empty: it does not listen
	looks   int
}

func (p *probed) Exec(_ context.Context, _ string, _ io.Reader, stdout, _ io.Writer) error {
	now := p.answers[min(p.looks, len(p.answers)-1)]
	p.looks++
	_, err := fmt.Fprintf(stdout, "active=%s\nsub=%s\nresult=%s\nrestarts=%d\npid=%d\nrunning=%s\ncurrent=%s\n",
		now.Active, now.Sub, now.Result, now.Restarts, now.PID, now.Running, now.Current)
	return err
}

func (p *probed) DialContext(context.Context, string, string) (net.Conn, error) {
	if p.http == "" {
		return nil, fmt.Errorf("nothing accepts connections")
	}
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		request := make([]byte, 4096)
		if _, err := theirs.Read(request); err == nil {
			io.WriteString(theirs, p.http)
		}
	}()
	return ours, nil
}

func TestProve(t *testing.T) {
	up := script.Service{Active: "active", Sub: "running", PID: 7, Running: id2, Current: id2}
	with := func(change func(*script.Service)) script.Service {
		s := up
		change(&s)
		return s
	}
	starting := with(func(s *script.Service) { s.Active, s.Sub, s.PID, s.Running = "activating", "auto-restart", 0, "" })
	const ok, no = "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"
	for name, c := range map[string]struct {
		answers []script.Service
		http    string
		says    string        // empty: it is proved
		took    time.Duration // at least, and not a second more
	}{
		"up at once":              {[]script.Service{up}, ok, "", 2 * time.Second},
		"up after a while":        {[]script.Service{starting, starting, starting, up}, ok, "", 2750 * time.Millisecond},
		"failed":                  {[]script.Service{with(func(s *script.Service) { s.Active, s.Result = "failed", "exit-code" })}, ok, "app.service failed (exit-code)", 0},
		"started again":           {[]script.Service{up, with(func(s *script.Service) { s.Restarts = 1; s.PID = 8 })}, ok, "the release exits", 250 * time.Millisecond},
		"another process":         {[]script.Service{up, with(func(s *script.Service) { s.PID = 8 })}, ok, "changed from 7 to 8", 250 * time.Millisecond},
		"dies when almost proved": {[]script.Service{up, up, up, up, up, up, up, with(func(s *script.Service) { s.Active, s.Result = "failed", "signal" })}, ok, "failed (signal)", 1750 * time.Millisecond},
		"current was changed":     {[]script.Service{with(func(s *script.Service) { s.Current = id1 })}, ok, "current is " + string(id1), 0},
		"the old one runs on":     {[]script.Service{with(func(s *script.Service) { s.Running = id1 })}, ok, "the main process of app.service runs " + string(id1), 10 * time.Second},
		"never active":            {[]script.Service{starting}, ok, "app.service is activating (auto-restart)", 10 * time.Second},
		"answers 500":             {[]script.Service{up}, no, "http://127.0.0.1:4001/health answers 500 Internal Server Error", 10 * time.Second},
		"does not listen":         {[]script.Service{up}, "", "no answer from the health URL", 10 * time.Second},
		"a redirect":              {[]script.Service{up}, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "answers 302 Found", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := proving(t)
				began := time.Now()
				err := r.prove(t.Context(), &host{Host: &probed{answers: c.answers, http: c.http}}, id2, r.plan.Settle)
				if took := time.Since(began); took < c.took || took > c.took+time.Second {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
			})
		})
	}
}

func TestProveEndsWithACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		time.AfterFunc(3*time.Second, cancel)
		h := &host{Host: &probed{answers: []script.Service{{Active: "activating"}}}}
		began := time.Now()
		err := proving(t).prove(ctx, h, id2, time.Second)
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "cancelled") || took > 4*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// proving is a run with 10 s of patience, and 2 s for a release to stay up.
func proving(t *testing.T) *run {
	t.Helper()
	p := plan
	p.Unit, p.HealthTimeout, p.Settle = "app.service", 10*time.Second, 2*time.Second
	var err error
	if p.HealthURL, err = url.Parse("http://127.0.0.1:4001/health"); err != nil {
		t.Fatal(err)
	}
	return newRun(p, nil, progress.New(progress.Terminal{W: io.Discard}))
}
