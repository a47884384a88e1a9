package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

const mega = 1_000_000

// receiver is a host that reads a release at its own speed.
type receiver struct {
	stubbed
	second int // bytes per second
	most   int // fails after that many bytes; 0: never
	before time.Duration
	verify time.Duration
}

func (r *receiver) Stage(_ context.Context, from host.Source) error {
	defer time.Sleep(r.verify)
	if r.hasArtifact || slices.Contains(r.seen.Releases, id2) {
		return nil
	}
	time.Sleep(r.before)
	return r.take(from)
}

func (r *receiver) take(from host.Source) error {
	p, err := from.Open(r.name, false)
	if err != nil {
		return err
	}
	time.Sleep(time.Second / 2) // avoids checks exactly at the full second
	for got := 0; ; {
		n, err := io.CopyN(io.Discard, p.Data, int64(r.second))
		if errors.Is(err, io.EOF) {
			return nil
		}
		time.Sleep(time.Second)
		if got += int(n); r.most > 0 && got >= r.most {
			return errors.New("no space left on device")
		}
	}
}

// spoiled is a receiver that has a damaged copy of the release.
type spoiled struct{ receiver }

func (s *spoiled) Stage(_ context.Context, from host.Source) error { return s.take(from) }

// sent stages a release of 40 MB on hosts. The build server sends it in pieces
// of 1 MB.
func sent(t *testing.T, pace time.Duration, hosts ...Host) (lines []string) {
	synctest.Test(t, func(t *testing.T) {
		a := &source{between: func() { time.Sleep(pace) }, files: map[string]string{}}
		for n := range 40 {
			a.files[fmt.Sprintf("%02d", n)] = noise(mega + n)
		}
		var b strings.Builder
		r := newRun(release.Deploy, Plan{}, nil, progress.New(progress.Terminal{W: &b}))
		r.aim(Version{ID: id2})
		for i, h := range hosts {
			named(h, string(rune('a'+i)))
			r.hosts = append(r.hosts, &member{Host: h})
		}
		r.stageAll(t.Context(), a)
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "sending: ") {
				lines = append(lines, line)
			}
		}
	})
	return lines
}

func named(h Host, name string) {
	switch h := h.(type) {
	case *receiver:
		h.name = name
	case *spoiled:
		h.name = name
	}
}

func TestHowFarAReleaseIsIsToldForAllHosts(t *testing.T) {
	var has stubbed
	has.seen.Releases = []release.ID{id2}
	copies := stubbed{hasArtifact: true}
	for name, c := range map[string]struct {
		pace  time.Duration
		hosts []Host
		want  []string
	}{
		"nobody waits for long": {0, []Host{&receiver{second: 5 * mega}}, nil},
		"they are sent nothing": {0, []Host{&receiver{stubbed: has, verify: time.Minute}, &receiver{stubbed: copies, verify: time.Minute}}, nil},
		"a slow host": {
			0,
			[]Host{&receiver{second: 10 * mega}, &receiver{second: 1.6 * mega, verify: 10500 * time.Millisecond}, &receiver{stubbed: has}},
			[]string{"sending: 1 of 2 hosts done, 56 of 80 MB", "sending: 1 of 2 hosts done, 72 of 80 MB", "sending: 1 of 2 hosts done, 80 of 80 MB"},
		},
		"a slow build server": {
			900 * time.Millisecond,
			[]Host{&receiver{second: 100 * mega}, &receiver{second: 100 * mega}},
			[]string{
				"sending: 0 of 2 hosts done, 22 MB sent; the build server has sent 11 MB so far",
				"sending: 0 of 2 hosts done, 44 MB sent; the build server has sent 22 MB so far",
				"sending: 0 of 2 hosts done, 66 MB sent; the build server has sent 33 MB so far",
			},
		},
		"one that fails on its way": {
			0,
			[]Host{&receiver{second: 3 * mega, most: 6 * mega}, &receiver{second: 3 * mega}},
			[]string{"sending: 0 of 2 hosts done, 1 failed, 36 of 46 MB"},
		},
		"one that is not begun, and one that copies it": {
			0,
			[]Host{
				&receiver{second: 1.6 * mega}, &receiver{second: 100 * mega, before: 14 * time.Second},
				&receiver{stubbed: copies, verify: 14 * time.Second},
			},
			[]string{"sending: 0 of 2 hosts done, 16 of 80 MB", "sending: 1 of 2 hosts done, 72 of 80 MB"},
		},
		"one that is to be sent it anew": {
			0,
			[]Host{&spoiled{receiver{stubbed: has, second: 3 * mega}}, &receiver{second: 10 * mega}},
			[]string{"sending: 1 of 2 hosts done, 70 of 80 MB"},
		},
	} {
		if got := sent(t, c.pace, c.hosts...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
