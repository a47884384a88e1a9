package config

import (
	"regexp"
	"strconv"
	"time"

	"github.com/apxr/slipway/internal/release"
)

// Service says how the application runs on a host, and what proves that it
// runs.
type Service struct {
	Units   []string // in the order of their restarts
	Restart Restart
	Once    string  // commands for sh that run on one host before the first switch
	Migrate string  // one-shot unit, started on that host after Once; empty: none
	Before  string  // commands for sh that run on each host before its switch
	After   string  // commands for sh that run on each host after the proof
	Env     *Env    // nil: the host keeps its environment
	Health  *Health // nil: only units, processes and ports prove the release
	Ports   []int   // ports that must listen once the release runs
	Timeout time.Duration
	Settle  time.Duration
}

// Restart is a way to restart the units without systemctl. At most one field is
// set.
type Restart struct {
	Flag    string // file that a path unit of systemd watches
	Command string // commands for sh
}

var unitRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@-]*\.service$`)

func (l *loader) service(a release.App) Service {
	s := Service{
		Units:   l.units(a),
		Restart: l.restart(),
		Env:     l.envFile(),
		Once:    l.commands("before-activate-once", "a script of the release"),
		Before:  l.commands("before-activate", "a script of the release"),
		After:   l.commands("after-activate", "a script of the release"),
		Health:  l.health(),
		Ports:   l.ports(),
		Timeout: l.duration("health-timeout", 1, time.Hour),
		Settle:  l.duration("settle", 0, time.Hour),
	}
	if l.isOn("migrate") && a.Name != "" {
		s.Migrate = a.Name + "-migrate.service"
	}
	// 0 is a mistake that was already reported, or the verb proves nothing.
	if s.Settle > 0 && s.Timeout > 0 && s.Settle >= s.Timeout {
		l.wrong("settle", "%s is not shorter than health-timeout (%s), which it is a part of: no release could be proved", s.Settle, s.Timeout)
	}
	return s
}

func (l *loader) units(a release.App) []string {
	units := l.words("units", "unit")
	seen := map[string]bool{}
	for _, unit := range units {
		switch {
		case !unitRE.MatchString(unit):
			l.wrong("units", "%.100q is not the name of a systemd service, such as apxr_io.service", unit)
		case seen[unit]:
			l.wrong("units", "%s is listed twice", unit)
		}
		seen[unit] = true
	}
	if len(units) == 0 && l.uses("units") {
		return []string{a.Name + ".service"}
	}
	return units
}

func (l *loader) restart() Restart {
	r := Restart{Flag: l.value("restart-flag"), Command: l.commands("restart-command", "a script on the host")}
	if r.Flag != "" && !isPath(r.Flag) {
		l.wrong("restart-flag", "%.100q is not an absolute path of at least two plain names, such as /run/apxr_io/restart", r.Flag)
	}
	if r.Flag != "" && r.Command != "" {
		l.wrong("restart-flag", "restart-command is given too: choose one, since each restarts the units by itself")
	}
	return r
}

func (l *loader) ports() []int {
	var ports []int
	seen := map[int]bool{}
	for _, word := range l.words("ports", "port") {
		n, err := strconv.Atoi(word)
		switch {
		case err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != word:
			l.wrong("ports", "%.100q is not a number from 1 to 65535", word)
		case seen[n]:
			l.wrong("ports", "%d is listed twice", n)
		}
		seen[n] = true
		ports = append(ports, n)
	}
	return ports
}
