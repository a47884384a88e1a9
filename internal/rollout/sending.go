package rollout

import (
	"fmt"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/words"
)

// sendingReported is how often the log shows the progress of sending.
const sendingReported = 10 * time.Second

// delivery is the transfer of a release to one host.
type delivery struct {
	kind          kind
	reader        *streamReader // nil: the transfer has not begun
	ended, failed bool
}

// expect notes the hosts of the run, and those that will need the release, as far as
// that is already known.
func (s *spool) expect(hosts fleet) {
	id := s.Manifest().ReleaseID
	for _, m := range hosts {
		s.members[m.Name()] = m
		if !m.HasArtifact() && !slices.Contains(m.Seen().Releases, id) {
			s.deliveries[m.Name()] = &delivery{kind: kindFor(m, id)}
		}
	}
}

// deliver notes that the delivery to a host has begun.
func (s *spool) deliver(name string, k kind, in *streamReader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries[name] = &delivery{kind: k, reader: in}
	if s.unreport == nil {
		s.unreport = s.log.While(sendingReported, s.far)
	}
}

// finish notes that the delivery to a host has ended, if there was one.
func (s *spool) finish(host string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.deliveries[host]; d != nil {
		d.ended, d.failed = true, err != nil
	}
}

// far returns the progress of all deliveries. Their total size is known only after the
// build server has sent everything.
func (s *spool) far() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var done, failed int
	var sent, left int64
	packed := true
	for _, d := range s.deliveries {
		at := d.at()
		sent += at
		switch {
		case d.failed:
			failed++
		case d.ended:
			done++
		case s.parcels[d.kind] != nil:
			size, ended := s.parcels[d.kind].size()
			left += size - at
			packed = packed && ended
		}
	}
	text := fmt.Sprintf("sending: %d of %s done", done, words.Count(len(s.deliveries), "host"))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if !packed {
		return text + fmt.Sprintf(", %s MB sent; the build server has sent %s MB so far", megabytes(sent), megabytes(s.store.Received()))
	}
	return text + fmt.Sprintf(", %s of %s MB", megabytes(sent), megabytes(sent+left))
}

func (d *delivery) at() int64 {
	if d.reader == nil {
		return 0
	}
	return d.reader.at.Load()
}

// megabytes returns a size in MB, with a fraction if the number is small.
func megabytes(n int64) string {
	if n < 10e6 {
		return fmt.Sprintf("%.1f", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f", float64(n)/1e6)
}
