package script

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Unit says how systemd sees a unit, and which release it runs. The fields up
// to Invocation are systemd's own properties.
type Unit struct {
	Name                      string
	Load, Active, Sub, Result string
	Restarts                  int    // automatic restarts since the last manual start
	PID                       int    // main process; 0: none
	Invocation                string // changes with each start
	Running                   release.ID
}

// Service is everything that a host runs of an application.
type Service struct {
	Units     []Unit
	Current   release.Activation // target of the link current
	Listening []int              // the requested ports that something listens on
}

// Running returns the release that all units run, or "" if they differ.
func (s Service) Running() release.ID {
	var id release.ID
	for i, u := range s.Units {
		if i > 0 && u.Running != id {
			return ""
		}
		id = u.Running
	}
	return id
}

func (s *Service) fact(key, value string) {
	switch key {
	case "unit":
		s.unit(value)
	case "current":
		s.Current.ID = release.ID(value)
	case "current_env":
		if release.ValidKey(value) {
			s.Current.Env = value
		}
	case "listening":
		port, _ := strconv.Atoi(value) // one of the requested ports
		s.Listening = append(s.Listening, port)
	default:
		if n := len(s.Units); n > 0 {
			s.Units[n-1].fact(key, value)
		}
	}
}

// unit appends a unit. The next facts are about it.
func (s *Service) unit(name string) {
	at := slices.IndexFunc(s.Units, func(u Unit) bool { return u.Name == name })
	u := Unit{Name: name}
	if at >= 0 {
		u = s.Units[at]
		s.Units = slices.Delete(s.Units, at, at+1)
	}
	s.Units = append(s.Units, u)
}

func (u *Unit) fact(key, value string) {
	switch key {
	case "LoadState":
		u.Load = value
	case "ActiveState":
		u.Active = value
	case "SubState":
		u.Sub = value
	case "Result":
		u.Result = value
	case "NRestarts":
		u.Restarts, _ = strconv.Atoi(value) // an old systemd does not have this property
	case "MainPID":
		u.PID, _ = strconv.Atoi(value)
	case "InvocationID":
		u.Invocation = value
	case "running":
		u.Running = release.ID(value)
	}
}

// Probe returns what the units run now, and which of the ports something
// listens on.
func (h Host) Probe(ctx context.Context, units []string, ports []int) (Service, error) {
	var s Service
	err := h.quiet(ctx, call{
		script: "probe",
		args:   args{{"base", h.Layout.Base}, {"units", strings.Join(units, " ")}, {"ports", words(ports)}},
		onFact: s.fact,
	})
	return s, err
}

func words(numbers []int) string {
	var list []string
	for _, n := range numbers {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, " ")
}
