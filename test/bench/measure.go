package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// sampled is what one run of a tool has taken.
type sampled struct {
	Wall    time.Duration
	Restart time.Duration // of Wall: a unit was being stopped or started on some host
	In, Out int64         // bytes at the hosts' interfaces, in and out
	Turns   int
	Client  time.Duration // processor time
	Hosts   time.Duration // processor time of all but the application
	traced
}

// traced is what a run has taken that was watched. Watching takes time, so such
// a run gives no times.
type traced struct {
	programs
	Memory int64 // bytes, the most that the client's processes had at once
}

// String returns what the log shows.
func (m sampled) String() string {
	if m.Memory > 0 {
		return fmt.Sprintf("%d programs and %d forks below %d shells, %d before; %.0f MB", m.Started, m.Forks, m.Shells, m.Login, float64(m.Memory)/1e6)
	}
	return fmt.Sprintf("%.2f s (%.2f s restart), %.1f KB, %d turns, processor: client %.2f s, hosts %.2f s", m.Wall.Seconds(), m.Restart.Seconds(), float64(m.In+m.Out)/1e3, m.Turns, m.Client.Seconds(), m.Hosts.Seconds())
}

// patience bounds a run, and the wait for idle hosts.
const patience = 3 * time.Minute

// measure runs a tool and returns what that took. It fails unless all hosts run
// the right release in the end.
func (s *site) measure(ctx context.Context, t tool, v verb, watch bool) (m sampled, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*patience, fmt.Errorf("it took longer than %s", 2*patience))
	defer cancel()
	cmd, err := t.run(s, v)
	if err != nil {
		return m, err
	}
	before, err := s.meters(ctx)
	if err != nil {
		return m, err
	}
	if watch {
		m.programs, err = s.watched(ctx, func() error { return s.client(ctx, cmd, &m, s.watchMemory(&m.Memory)) })
	} else {
		err = s.client(ctx, cmd, &m, func(context.Context, *lab.Group) {})
	}
	if err != nil {
		return m, fmt.Errorf("%s, %s: %w", t.Name, v, err)
	}
	after, err := s.meters(ctx)
	if err != nil {
		return m, err
	}
	m.In, m.Out, m.Turns, m.Hosts = after.in-before.in, after.out-before.out, after.turns-before.turns, after.hosts-before.hosts
	if err := s.idle(ctx, s.runs(v).Version); err != nil {
		return m, fmt.Errorf("%s, %s: %w", t.Name, v, err)
	}
	if v != first {
		m.Restart, err = s.restarts(ctx, before.at, after.at)
	}
	return m, err
}

// meters are what counters said at one moment.
type meters struct {
	at      time.Duration // since the machine booted
	in, out int64
	turns   int
	hosts   time.Duration // of all but the application
	all     time.Duration
}

func (s *site) meters(ctx context.Context) (m meters, err error) {
	m.turns = s.link.count()
	m.at, err = uptime()
	for _, h := range s.hosts {
		traffic, trafficErr := h.Traffic(ctx)
		used, usedErr := h.ProcessorTimeWithout(unit)
		all, allErr := h.ProcessorTime()
		err = errors.Join(err, trafficErr, usedErr, allErr)
		m.in, m.out = m.in+traffic.In, m.out+traffic.Out
		m.hosts, m.all = m.hosts+used, m.all+all
	}
	return m, err
}

// client runs the tool's command in a group of its own. What it leaves behind,
// such as Ansible's shared connections, ends with it.
func (s *site) client(ctx context.Context, cmd *exec.Cmd, m *sampled, watch func(context.Context, *lab.Group)) error {
	group, err := s.lab.NewGroup("client")
	if err != nil {
		return err
	}
	used, err := group.ProcessorTime()
	if err != nil {
		return err
	}
	said, err := s.inGroup(ctx, cmd, m, group, watch)
	total, usedErr := group.ProcessorTime()
	m.Client = total - used
	if err = errors.Join(err, group.Kill(ctx), usedErr); err != nil {
		return fmt.Errorf("%w:\n%s", err, said)
	}
	return nil
}

// inGroup starts the command in the group and waits until it has ended.
func (s *site) inGroup(ctx context.Context, cmd *exec.Cmd, m *sampled, group *lab.Group, watch func(context.Context, *lab.Group)) (said string, err error) {
	out, err := os.Create(filepath.Join(s.dir, "output")) // a file: what is left behind may keep it open
	if err != nil {
		return "", err
	}
	defer out.Close()
	dir, err := group.Open()
	if err != nil {
		return "", err
	}
	defer dir.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd()), Setsid: true}
	watching, stop := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { group.Kill(context.WithoutCancel(ctx)) })()
	var watcher sync.WaitGroup
	watcher.Go(func() { watch(watching, group) })
	began := time.Now()
	err = cmd.Run()
	m.Wall = time.Since(began)
	stop()
	watcher.Wait()
	text, readErr := os.ReadFile(out.Name())
	return string(text), errors.Join(err, readErr)
}

// idle waits until all hosts have this version running, no new process is young,
// and nothing is left to do.
func (s *site) idle(ctx context.Context, version string) error {
	err := s.everywhere(func(h *lab.Host) error { return s.serves(ctx, h, version) })
	if err != nil {
		return err
	}
	const step, little = 300 * time.Millisecond, 6 * time.Millisecond
	for deadline := time.Now().Add(patience); ; {
		before, err := s.meters(ctx)
		if err != nil {
			return err
		}
		if err := sleep(ctx, step); err != nil {
			return err
		}
		after, err := s.meters(ctx)
		if err != nil {
			return err
		}
		if after.all-before.all < little*time.Duration(len(s.hosts)) {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("the hosts do not become idle")
		}
	}
}

// youth is how old a process must be before the next run restarts it: a BEAM
// that boots ignores signals, and Slipway waits for it.
const youth = 2200 * time.Millisecond

// served waits until the application answers with a version and its process is
// old enough, or says what the host has instead.
const served = `ask() { curl --silent --max-time 10 "$HEALTH" | grep --quiet "\"version\":\"$VERSION\""; }
for try in $(seq 300); do
	ask && break
	sleep 0.1
done
if ! ask; then
	systemctl status --no-pager --full "$UNIT" >&2
	exit 1
fi
started=$(systemctl show --property=ExecMainStartTimestampMonotonic --value "$UNIT")
sleep "$(awk -v started="$started" -v youth="$YOUTH" '{ rest = youth - ($1 - started / 1000000); print (rest > 0 ? rest : 0) }' /proc/uptime)"
`

func (s *site) serves(ctx context.Context, h *lab.Host, version string) error {
	_, err := h.Run(ctx, strings.NewReader(served), "env", "HEALTH="+sample.Health, "VERSION="+version, "UNIT="+unit,
		"YOUTH="+strconv.FormatFloat(youth.Seconds(), 'f', 1, 64), "sh", "-s")
	if err != nil {
		return fmt.Errorf("%s does not serve version %s: %w", h.Name, version, err)
	}
	return nil
}

// restarts returns how much of the time between two moments some host's unit was
// being restarted: from the stop's begin to the start.
func (s *site) restarts(ctx context.Context, from, to time.Duration) (time.Duration, error) {
	spans := make([]span, len(s.hosts))
	var mu sync.Mutex
	n := 0
	err := s.everywhere(func(h *lab.Host) error {
		out, err := h.Run(ctx, nil, "systemctl", "show", "--property=ActiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic", unit)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		spans[n] = restartOf(out)
		n++
		return nil
	})
	return covered(spans, from, to), err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
