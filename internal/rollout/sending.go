package rollout

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/words"
)

// sendingReported is how often the log shows the progress of sending.
const sendingReported = 10 * time.Second

// delivery is the transfer of a release to one host.
type delivery struct {
	reader        *spoolReader // nil: the transfer has not begun
	ended, failed bool
}

// expect notes the hosts that will need the release, as far as that is already
// known.
func (s *spool) expect(hosts fleet) {
	for _, m := range hosts {
		if !m.HasArtifact() && !slices.Contains(m.Seen().Releases, s.Manifest().ReleaseID) {
			s.deliveries[m.Name()] = &delivery{}
		}
	}
}

// Open returns the release from its beginning and starts the delivery to a
// host.
func (s *spool) Open(host string) (io.Reader, error) {
	in, err := s.open()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries[host] = &delivery{reader: in}
	if s.unreport == nil {
		s.unreport = s.log.While(sendingReported, s.far)
	}
	return in, nil
}

// finish notes that the delivery to a host has ended, if there was one.
func (s *spool) finish(host string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.deliveries[host]; d != nil {
		d.ended, d.failed = true, err != nil
	}
}

// far returns the progress of all deliveries. Their total size is known only
// after the build server has sent everything.
func (s *spool) far() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var done, failed int
	var sent, left int64
	for _, d := range s.deliveries {
		at := d.at()
		sent += at
		switch {
		case d.failed:
			failed++
		case d.ended:
			done++
		default:
			left += s.written - at
		}
	}
	text := fmt.Sprintf("sending: %d of %s done", done, words.Count(len(s.deliveries), "host"))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if !s.ended {
		return text + fmt.Sprintf(", %s MB sent; the build server has sent %s MB so far", megabytes(sent), megabytes(s.written))
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
