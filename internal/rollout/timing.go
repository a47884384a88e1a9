package rollout

import "time"

// timed runs a part of the run on a host, and notes how long it took.
func (r *run) timed(h *host, phase string, f func() error) error {
	began := time.Since(r.began)
	err := f()
	h.result.Phases = append(h.result.Phases, Phase{
		Name: phase, Began: began, Took: time.Since(r.began) - began, Failed: err != nil,
	})
	return err
}
