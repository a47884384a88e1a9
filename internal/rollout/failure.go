package rollout

import "errors"

// Failure is the error of a run.
type Failure struct {
	Reason string // what concerns the run as a whole; empty: the hosts' problems say all
	Hosts  error  // the problems of the hosts; nil: none has one
}

func (f *Failure) Error() string {
	switch {
	case f.Hosts == nil:
		return f.Reason
	case f.Reason == "":
		return f.Hosts.Error()
	}
	return f.Reason + ":\n" + f.Hosts.Error()
}

// failed returns the error of the run, with the problems of its hosts.
func (r *run) failed(reason string) error { return &Failure{reason, r.hosts.problems()} }

// problems returns the error of a run that fails if a host has a problem.
func (r *run) problems() error {
	if r.hosts.failures() == 0 {
		return nil
	}
	return r.failed("")
}

// reasonOf returns the part of a run's error that concerns no single host.
func reasonOf(err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return err.Error()
}
