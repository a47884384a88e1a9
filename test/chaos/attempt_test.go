package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/apxr/slipway/test/command"
)

// longest is how long a run may take, whatever happens to it.
const longest = 4 * time.Minute

// attempt is one run of Slipway, in which at most one thing goes wrong.
type attempt struct {
	scenario *scenario
	machines []*machine
	trial    trial // without a fault: nothing goes wrong
	record   bool  // the commands inside of the steps, too

	dir     string
	proxies []*proxy
	client  *exec.Cmd
	output  bytes.Buffer
	began   time.Time
	exited  chan struct{} // closed when the client is gone
	frozen  chan struct{} // closed when it stands still
	ended   time.Time

	mu     sync.Mutex
	counts []map[string]int // by host: how often each step began
	points []point          // steps as they came
	fired  bool
	at     time.Time // when it went wrong
	back   bool      // the clock is set back
}

// start runs the verb with these words.
func start(ctx context.Context, machines []*machine, c trial, record bool, words ...string) (*attempt, error) {
	a := &attempt{scenario: c.scenario, machines: machines, trial: c, record: record, exited: make(chan struct{}), frozen: make(chan struct{}), began: time.Now()}
	var err error
	if a.dir, err = os.MkdirTemp("", "chaos"); err != nil {
		return nil, err
	}
	for i, m := range machines {
		p, err := newProxy(m.Addr + ":22")
		if err != nil {
			return nil, err
		}
		a.proxies = append(a.proxies, p)
		a.counts = append(a.counts, map[string]int{})
		if i == c.point.host && c.point.way != "" {
			p.counted = a.bytes
		}
		m.answered(func(line string) string { return a.ring(i, line) })
	}
	if a.client, err = a.command(ctx, words); err != nil {
		return nil, err
	}
	a.client.Stdout, a.client.Stderr = &a.output, &a.output
	if err := a.client.Start(); err != nil {
		return nil, err
	}
	go func() {
		a.client.Wait() // how it ended is in its state
		a.ended = time.Now()
		close(a.exited)
	}()
	return a, nil
}

func (a *attempt) command(ctx context.Context, words []string) (*exec.Cmd, error) {
	path, err := command.Program()
	if err != nil {
		return nil, err
	}
	known, err := a.knownHosts()
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, p := range a.proxies {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", p.port()))
	}
	file := func(name, text string) string {
		path := filepath.Join(a.dir, name)
		err = errors.Join(err, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	k := a.scenario.kind
	cmd := exec.CommandContext(ctx, path, append([]string{a.scenario.verb}, words...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + k.home, "USER=chaos",
		"SLIPWAY_APP=" + k.app.String(), "SLIPWAY_HOSTS=" + strings.Join(hosts, ","), "SLIPWAY_HEALTH_URL=" + k.health(),
		"SLIPWAY_SETTLE=" + k.settle.String(), "SLIPWAY_HEALTH_TIMEOUT=" + a.patience().String(),
		"SLIPWAY_SSH_KEY_FILE=" + a.machines[0].lab.DeployKeyPath(), "SLIPWAY_KNOWN_HOSTS_FILE=" + file("known_hosts", known),
	}
	if a.scenario.verb == "deploy" {
		cmd.Env = append(cmd.Env, "SLIPWAY_BUILD_HOST=local", "SLIPWAY_KEEP_RELEASES=2",
			"SLIPWAY_ENV_FILE="+file("env", "GREETING=chaos\n"),
			"SLIPWAY_BEFORE_ACTIVATE_FILE="+file("before", "test -n \"$GREETING\"; sleep 0.1\n"),
			"SLIPWAY_AFTER_ACTIVATE_FILE="+file("after", "sleep 0.1\n"))
	}
	return cmd, err
}

// patience is the health-timeout. A run that something happens to must not make
// a case long; one that has to succeed does so on a busy machine, too.
func (a *attempt) patience() time.Duration {
	if a.trial.fault == "" {
		return 2 * time.Minute
	}
	return a.scenario.kind.patient
}

// knownHosts has the hosts' keys under the proxies' addresses.
func (a *attempt) knownHosts() (string, error) {
	data, err := os.ReadFile(a.machines[0].lab.KnownHostsPath())
	if err != nil {
		return "", err
	}
	var lines []string
	for i, m := range a.machines {
		for line := range strings.Lines(string(data)) {
			names, key, _ := strings.Cut(strings.TrimSpace(line), " ")
			if slices.Contains(strings.Split(names, ","), m.Addr) {
				lines = append(lines, fmt.Sprintf("[127.0.0.1]:%d %s", a.proxies[i].port(), key))
			}
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// ring is what a host's shell tells, and says what it is to do.
func (a *attempt) ring(host int, line string) string {
	words := strings.Fields(line)
	switch {
	case len(words) >= 2 && words[0] == "before":
		a.mu.Lock()
		a.counts[host][words[1]]++
		label := fmt.Sprintf("%s#%d", words[1], a.counts[host][words[1]])
		a.points = append(a.points, point{host: host, step: label})
		a.mu.Unlock()
		return a.here(point{host: host, step: label, when: before})
	case len(words) >= 2 && words[0] == "after":
		return a.here(point{host: host, step: words[1], when: after})
	case len(words) == 5 && words[0] == "in":
		return a.here(point{host: host, step: words[1], command: words[2] + "#" + words[3], when: when(words[4])})
	}
	return "go"
}

// here is a point that a host has come to.
func (a *attempt) here(p point) string {
	answer := "go"
	if p == a.trial.point && a.first() {
		answer = a.fire()
	}
	if answer == "go" && p.command == "" && p.when == before {
		return strings.TrimSpace("go " + p.step + " " + a.shims(p))
	}
	return answer
}

// shims says which commands of a step are to be watched.
func (a *attempt) shims(p point) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	name, k, _ := strings.Cut(a.trial.point.command, "#")
	switch {
	case a.record:
		return "shims"
	case a.back && p.host == a.trial.point.host:
		return "clock"
	case name != "" && p.host == a.trial.point.host && p.step == a.trial.point.step:
		return "shims " + name + " " + k
	}
	return ""
}

func (a *attempt) first() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fired || a.trial.fault == "" {
		return false
	}
	a.fired, a.at = true, time.Now()
	return true
}

func (a *attempt) bytes(way string, total int64) {
	if way == a.trial.point.way && total >= a.trial.point.bytes && a.first() {
		a.fire()
	}
}

// fire makes it go wrong.
func (a *attempt) fire() (answer string) {
	host := a.trial.point.host
	p, m := a.proxies[host], a.machines[host]
	switch f := a.trial.fault; f {
	case cut:
		p.cut()
	case reset:
		p.reset()
	case stall:
		p.stall()
	case client:
		a.client.Process.Kill() // that it has ended by itself is the same
		<-a.exited
	case frozen, frozenBack:
		a.client.Process.Signal(syscall.SIGSTOP)
		close(a.frozen)
	case kill, killgroup:
		return string(f)
	case crash:
		p.cut()
		return string(killgroup)
	case clock:
		a.mu.Lock()
		a.back = true
		a.mu.Unlock()
	case unitFlap:
		m.root("touch /var/lib/chaos/flapping")
		go a.spoil(m, f)
	default:
		a.spoil(m, f)
	}
	return "go"
}

func (a *attempt) spoil(m *machine, f fault) {
	k := a.scenario.kind
	m.script("break", k.base(), k.unit(), string(f), a.scenario.next())
}

// wait waits for the end of the run; one that does not end is killed.
func (a *attempt) wait() error {
	select {
	case <-a.exited:
		return nil
	case <-time.After(longest):
		a.client.Process.Kill()
		<-a.exited
		return fmt.Errorf("the run did not end within %s", longest)
	}
}

func (a *attempt) code() int { return a.client.ProcessState.ExitCode() }

// mend takes back what the fault broke on the hosts.
func (a *attempt) mend() {
	k := a.scenario.kind
	for _, m := range a.machines {
		m.script("break", k.base(), k.unit(), "mend", "none")
	}
}

// close ends what the fault left of the connections.
func (a *attempt) close() {
	for _, p := range a.proxies {
		p.end()
	}
}

// leave lets the hosts go on unwatched.
func (a *attempt) leave() {
	for _, m := range a.machines {
		m.answered(nil)
	}
	os.RemoveAll(a.dir)
}
