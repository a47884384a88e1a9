package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// probed is a host that answers probes with a list of answers. The last answer
// repeats.
type probed struct {
	Conn
	answers []script.Service
	http    string // the application's answer to a request; empty: it does not listen
	looks   int
	logs    int // messages that each answer adds to the unit log, of which a host shows 100
}

// Exec plays the shell that runs the scripts of a session.
func (p *probed) Exec(_ context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	for _, w := range []io.Writer{stdout, stderr} {
		io.WriteString(w, command[strings.LastIndex(command, " ")+1:]+"began\n")
	}
	lines := bufio.NewScanner(stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); words[0] == "run" {
			answer := &strings.Builder{}
			p.answer(answer)
			for line := range strings.Lines(answer.String()) {
				io.WriteString(stdout, words[1]+line)
			}
			fmt.Fprintf(stdout, "%sended=0\n", words[1])
			fmt.Fprintf(stderr, "%sended\n", words[1])
		}
	}
	return lines.Err()
}

func (p *probed) answer(stdout io.Writer) {
	now := p.answers[min(p.looks, len(p.answers)-1)]
	p.looks++
	fmt.Fprintf(stdout, "current=%s\ncurrent_env=%s\n", now.Current.ID, now.Current.Env)
	for _, port := range now.Listening {
		fmt.Fprintf(stdout, "listening=%d\n", port)
	}
	for _, u := range now.Units {
		fmt.Fprintf(stdout, "unit=%s\nActiveState=%s\nSubState=%s\nResult=%s\nNRestarts=%d\nMainPID=%d\nInvocationID=%s\nrunning=%s\n",
			u.Name, u.Active, u.Sub, u.Result, u.Restarts, u.PID, u.Invocation, u.Running)
	}
	for n := max(0, p.looks*p.logs-100); n < p.looks*p.logs; n++ {
		fmt.Fprintf(stdout, "at=%d.0\nline=app[7]: message %d\n", n, n)
	}
	io.WriteString(stdout, "answered=yes\n")
}

func (p *probed) DialContext(context.Context, string, string) (net.Conn, error) {
	if p.http == "" {
		return nil, fmt.Errorf("nothing accepts connections")
	}
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		request := make([]byte, 4096)
		if _, err := theirs.Read(request); err == nil && p.http == hangs {
			theirs.Read(request) // until the other side closes the connection
		} else if err == nil {
			io.WriteString(theirs, p.http)
		}
	}()
	return ours, nil
}

const hangs = "nothing, ever"

const key1 = "20240101T000000.000000001"

func TestProve(t *testing.T) {
	up := script.Service{
		Units:     []script.Unit{{Name: "app.service", Active: "active", Sub: "running", PID: 7, Invocation: "new", Running: id2}},
		Current:   release.Activation{ID: id2, Env: key1},
		Listening: []int{4001},
	}
	with := func(change func(*script.Service, *script.Unit)) script.Service {
		s := up
		s.Units = slices.Clone(up.Units)
		change(&s, &s.Units[0])
		return s
	}
	starting := with(func(_ *script.Service, u *script.Unit) {
		u.Active, u.Sub, u.PID, u.Running = "activating", "auto-restart", 0, ""
	})
	worker := with(func(s *script.Service, _ *script.Unit) {
		s.Units = append(s.Units, script.Unit{Name: "worker.service", Active: "activating", Sub: "start"})
	})
	failed := func(result string) script.Service {
		return with(func(_ *script.Service, u *script.Unit) { u.Active, u.Result = "failed", result })
	}
	ended := with(func(_ *script.Service, u *script.Unit) { u.Active, u.Sub, u.PID, u.Running = "inactive", "dead", 0, "" })
	stopping := with(func(_ *script.Service, u *script.Unit) { u.Active, u.Sub, u.Invocation = "inactive", "dead", "old" })
	const ok, no = "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"
	for name, c := range map[string]struct {
		answers []script.Service
		http    string
		says    string        // empty: the host is proved
		took    time.Duration // at least, and at most a second more
	}{
		"up at once":              {[]script.Service{up}, ok, "", 2 * time.Second},
		"up after a while":        {[]script.Service{starting, starting, starting, up}, ok, "", 2200 * time.Millisecond},
		"failed":                  {[]script.Service{failed("exit-code")}, ok, "app.service failed (exit-code)", 0},
		"start limit":             {[]script.Service{failed("start-limit-hit")}, ok, "'systemctl reset-failed app.service' lets it start again", 0},
		"started again":           {[]script.Service{up, with(func(_ *script.Service, u *script.Unit) { u.Restarts, u.PID = 1, 8 })}, ok, "the release exits", 50 * time.Millisecond},
		"another process":         {[]script.Service{up, with(func(_ *script.Service, u *script.Unit) { u.PID = 8 })}, ok, "changed from 7 to 8", 50 * time.Millisecond},
		"dies when almost proved": {[]script.Service{up, up, up, up, up, up, up, failed("signal")}, ok, "failed (signal)", 1150 * time.Millisecond},
		"current was changed":     {[]script.Service{with(func(s *script.Service, _ *script.Unit) { s.Current.ID = id1 })}, ok, "current is " + string(id1), 0},
		"another environment":     {[]script.Service{with(func(s *script.Service, _ *script.Unit) { s.Current.Env = "" })}, ok, "did something else change it?", 0},
		"the old one runs on":     {[]script.Service{with(func(_ *script.Service, u *script.Unit) { u.Running = id1 })}, ok, "the main process of app.service runs " + string(id1), 10 * time.Second},
		"not restarted":           {[]script.Service{with(func(_ *script.Service, u *script.Unit) { u.Invocation = "old" })}, ok, "app.service has not been restarted yet (active)", 10 * time.Second},
		"restarted after a while": {[]script.Service{with(func(_ *script.Service, u *script.Unit) { u.Invocation, u.PID = "old", 5 }), up}, ok, "", 2050 * time.Millisecond},
		"never active":            {[]script.Service{starting}, ok, "app.service is activating (auto-restart)", 10 * time.Second},
		"one of two units":        {[]script.Service{worker}, ok, "worker.service is activating (start)", 10 * time.Second},
		"a port is closed":        {[]script.Service{with(func(s *script.Service, _ *script.Unit) { s.Listening = nil })}, ok, "nothing listens on port 4001", 10 * time.Second},
		"answers 500":             {[]script.Service{up}, no, "http://127.0.0.1:4001/health answers 500 Internal Server Error", 10 * time.Second},
		"does not listen":         {[]script.Service{up}, "", "no answer from the health URL", 10 * time.Second},
		"hangs":                   {[]script.Service{up}, hangs, "no answer from the health URL", 10 * time.Second},
		"hangs at the end":        {append(slices.Repeat([]script.Service{starting}, 22), up), hangs, "no answer from the health URL", 10 * time.Second},
		"ended with 0":            {[]script.Service{up, ended}, ok, "ended by itself, without an error", 50 * time.Millisecond},
		"ended with 0 at once":    {[]script.Service{ended}, ok, "ended by itself, without an error", 0},
		"stopped, then started":   {[]script.Service{stopping, up}, ok, "", 2050 * time.Millisecond},
		"start limit of its own":  {[]script.Service{with(func(_ *script.Service, u *script.Unit) { u.Active, u.Result, u.Restarts = "failed", "exit-code", 4 })}, ok, "systemd started app.service again 4 times and has given up (exit-code)", 0},
		"a redirect":              {[]script.Service{up}, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", `answers 302 Found to "http://elsewhere/": redirects are not followed`, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := proving(t, &probed{answers: c.answers, http: c.http})
				began := time.Now()
				err := h.newProof(up.Current, script.Started{"app.service": "old"}).wait(t.Context(), h.plan().Settle, h.plan().Timeout)
				if took := time.Since(began); took < c.took || took > c.took+time.Second {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				if err == nil && !strings.Contains(h.result.Proof, "port 4001 is listening, http://127.0.0.1:4001/health answers 200-299; looked ") {
					t.Errorf("the proof says %q", h.result.Proof)
				}
			})
		})
	}
}

func TestProveEndsWithACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		time.AfterFunc(3*time.Second, cancel)
		h := proving(t, &probed{answers: []script.Service{{Units: []script.Unit{{Active: "activating"}}}}})
		began := time.Now()
		err := h.newProof(release.Activation{}, nil).wait(ctx, time.Second, time.Minute)
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "cancelled") || took > 4*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// The old release gets enough time, even if the new one got little.
func TestGoingBackIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := script.Service{Units: []script.Unit{{Name: "app.service", Active: "active", PID: 7, Running: id1}}, Current: release.Activation{ID: id1}, Listening: []int{4001}}
		slow := up
		slow.Listening = nil
		h := proving(t, &probed{answers: append(slices.Repeat([]script.Service{slow}, 20), up), http: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"})
		h.plan().Timeout = time.Second
		if err := h.proveBack(t.Context(), up.Current, nil); err != nil {
			t.Error(err)
		}
	})
}

// Going back requires no more than the old release did before.
func TestGoingBackAsksForWhatThereWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := script.Service{Units: []script.Unit{{Name: "app.service", Active: "active", PID: 7, Running: id1}}, Current: release.Activation{ID: id1}}
		h := proving(t, &probed{answers: []script.Service{up}})
		h.seen.Service = up
		if err := h.proveBack(t.Context(), up.Current, nil); err == nil {
			t.Error("it is back although nothing listens")
		}
		h.lookBefore(t.Context())
		if err := h.proveBack(t.Context(), up.Current, nil); !h.unmet || err != nil {
			t.Errorf("unmet %v: %v", h.unmet, err)
		}
	})
}

// A unit that was never restarted still runs the old release.
func TestGoingBackNeedsNoRestartOfWhatWasNotRestarted(t *testing.T) {
	t.Parallel()
	before := script.Started{"web": "a", "worker": "b", "new": ""}
	if got := restarted(before, script.Started{"web": "a", "worker": "c", "new": ""}); len(got) != 2 || got["worker"] != "c" {
		t.Errorf("%v", got)
	}
	if got := restarted(nil, script.Started{"web": "a"}); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// proving returns a host of a run that waits 10 s, and requires a release to
// stay up for 2 s.
func proving(t *testing.T, conn Conn) *Host {
	t.Helper()
	p := plan
	p.Units, p.Timeout, p.Settle, p.Ports = []string{"app.service"}, 10*time.Second, 2*time.Second, []int{4001}
	p.Health = &config.Health{URL: parsed(t, "http://127.0.0.1:4001/health"), Status: []config.StatusRange{{First: 200, Last: 299}}}
	h := New(Candidate{Name: "web1"}, &Run{Plan: p, Verb: release.Deploy, Began: time.Now(), Log: progress.New(progress.Terminal{W: io.Discard})})
	h.use(conn)
	t.Cleanup(h.shell.Close)
	return h
}

func parsed(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// lost is a host whose connection has ended.
type lost struct{ Conn }

func (lost) Exec(context.Context, string, io.Reader, io.Writer, io.Writer) error {
	return fmt.Errorf("the connection was lost")
}
func (lost) Lost() bool { return true }

func TestALostConnectionIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := proving(t, lost{}).newProof(release.Activation{ID: id2}, nil)
		err := p.wait(t.Context(), time.Second, time.Minute)
		if err == nil || !strings.Contains(err.Error(), "the connection was lost") || time.Since(began) > time.Second || p.looks != 1 {
			t.Errorf("%v after %s and %d looks", err, time.Since(began), p.looks)
		}
	})
}

// linesOf returns what is logged while f runs.
func linesOf(f func(log *progress.Log)) []string {
	var b strings.Builder
	f(progress.New(progress.Terminal{W: &b}))
	return strings.FieldsFunc(strings.ReplaceAll(b.String(), "    ", ""), func(r rune) bool { return r == '\n' })
}

func TestWhatTheHostsWaitForIsToldAsOneLine(t *testing.T) {
	up := script.Service{
		Units:   []script.Unit{{Name: "app.service", Active: "active", Sub: "running", PID: 7, Running: id2}},
		Current: release.Activation{ID: id2}, Listening: []int{4001},
	}
	deaf := up
	deaf.Listening = nil
	const no = "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"
	hosts := map[string]Conn{
		"web1": &probed{answers: []script.Service{deaf}},
		"web2": &probed{answers: []script.Service{up}, http: no},
		"web3": &probed{answers: append(slices.Repeat([]script.Service{deaf}, 29), up), http: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	}
	synctest.Test(t, func(t *testing.T) {
		got := linesOf(func(log *progress.Log) {
			var proofs sync.WaitGroup
			for _, name := range []string{"web1", "web2", "web3"} {
				h := proving(t, hosts[name])
				h.Candidate.Name, h.run.Log = name, log
				time.Sleep(time.Millisecond) // keeps the lines in order
				proofs.Go(func() { h.newProof(up.Current, nil).wait(t.Context(), 11*time.Second, 25*time.Second) })
			}
			proofs.Wait()
		})
		const answers = "web2: http://127.0.0.1:4001/health answers 503 Service Unavailable"
		want := []string{
			"waiting for 3 hosts: web1, web3: nothing listens on port 4001; " + answers,
			"waiting for 3 hosts: " + answers + "; web3: it is up, and has to stay so for 11s; web1: nothing listens on port 4001",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

// Whoever starts at once is seen at once, and whoever takes minutes is not asked all the
// time.
func TestLooksBecomeRarerWithTime(t *testing.T) {
	up := script.Service{
		Units:   []script.Unit{{Name: "app.service", Active: "active", Sub: "running", PID: 7, Running: id2}},
		Current: release.Activation{ID: id2}, Listening: []int{4001},
	}
	for limit, most := range map[time.Duration][2]int{
		time.Second: {6, 7}, 10 * time.Second: {25, 30}, time.Minute: {50, 60}, 10 * time.Minute: {300, 330},
	} {
		synctest.Test(t, func(t *testing.T) {
			conn := &probed{answers: []script.Service{up}, http: "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"}
			h := proving(t, conn)
			err := h.newProof(up.Current, nil).wait(t.Context(), 0, limit)
			if conn.looks < most[0] || conn.looks > most[1] {
				t.Errorf("%d looks in %s, want %d to %d", conn.looks, limit, most[0], most[1])
			}
			if got := Short(err); got != "/health answered 500" {
				t.Errorf("in short it is %q", got)
			}
		})
	}
}

// A settle time that is longer than the pause between looks is not exceeded.
func TestALateHostIsProvedAsSoonAsItHasSettled(t *testing.T) {
	starting := script.Service{Units: []script.Unit{{Name: "app.service", Active: "activating"}}, Current: release.Activation{ID: id2}}
	up := script.Service{
		Units:   []script.Unit{{Name: "app.service", Active: "active", Sub: "running", PID: 7, Running: id2}},
		Current: release.Activation{ID: id2}, Listening: []int{4001},
	}
	synctest.Test(t, func(t *testing.T) {
		conn := &probed{answers: append(slices.Repeat([]script.Service{starting}, 45), up), http: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}
		h := proving(t, conn)
		began := time.Now()
		if err := h.newProof(up.Current, nil).wait(t.Context(), 3*time.Second, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		if took, looks := time.Since(began), conn.looks-45; looks != 3 || took < 35*time.Second || took > 50*time.Second {
			t.Errorf("%d looks after it was up, and %s", looks, took)
		}
	})
}

// An application that logs each request pushes its own first messages out of what a
// host shows.
func TestTheFirstMessagesOfAUnitAreReadInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &probed{answers: []script.Service{{Units: []script.Unit{{Name: "app.service", Active: "activating"}}, Current: release.Activation{ID: id2}}}, logs: 4}
		h := proving(t, conn)
		h.activated = time.Now()
		if err := h.newProof(release.Activation{ID: id2}, nil).wait(t.Context(), 0, 2*time.Minute); err == nil {
			t.Fatal("it is proved")
		}
		h.tellLogs(t.Context())
		lines := h.logs.lines["app.service"]
		if len(lines) < 4*60 {
			t.Errorf("%d messages are known", len(lines))
		}
		for n, line := range lines {
			if line.Text != fmt.Sprintf("app[7]: message %d", n) {
				t.Fatalf("message %d is %q", n, line.Text)
			}
		}
	})
}
