package rollout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

const mega = 1_000_000

// receiver is a host that takes a release at its own pace.
type receiver struct {
	Host
	second int // bytes in a second
	most   int // then it fails; 0: it does not
	before time.Duration
	verify time.Duration
}

func (r receiver) WriteFile(context.Context, string, []byte) error {
	time.Sleep(r.before)
	return nil
}

func (r receiver) Exec(_ context.Context, _ string, stdin io.Reader, stdout, _ io.Writer) error {
	const last = "{ start \"$@\"; }\n" // of a script that has input
	var script []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(script), last); script = append(script, one...) {
		if _, err := stdin.Read(one); err != nil {
			time.Sleep(r.verify)
			return nil
		}
	}
	io.WriteString(stdout, "ready\n")
	time.Sleep(time.Second / 2) // what is looked at on the second is then settled
	for got := 0; ; {
		n, err := io.CopyN(io.Discard, stdin, int64(r.second))
		if errors.Is(err, io.EOF) {
			time.Sleep(r.verify)
			return nil
		}
		time.Sleep(time.Second)
		if got += int(n); r.most > 0 && got >= r.most {
			return errors.New("no space left on device")
		}
	}
}

// spoiled is a receiver on which the release lies already, and is not what was
// built.
type spoiled struct{ receiver }

func (s spoiled) Exec(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	switch {
	case strings.Contains(command, "step.recheck"):
		return errors.New("it is not what was built")
	case strings.Contains(command, "step.prune"):
		_, err := io.WriteString(stdout, "removed="+string(id2)+"\n")
		return err
	}
	return s.receiver.Exec(ctx, command, stdin, stdout, stderr)
}

// sent stages a release of 40 MB, which the build server sends in pieces of
// 1 MB, on hosts.
func sent(t *testing.T, pace time.Duration, hosts ...*host) (lines []string) {
	synctest.Test(t, func(t *testing.T) {
		a := &source{between: func() { time.Sleep(pace) }}
		for range 40 {
			a.pieces = append(a.pieces, strings.Repeat("x", mega))
		}
		all := linesOf(func(log *progress.Log) {
			r := newRun(release.Deploy, plan, nil, log)
			r.hosts = hosts
			r.stageAll(t.Context(), a, release.Manifest{ReleaseID: id2})
		})
		for _, line := range all {
			if strings.HasPrefix(line, "sending: ") {
				lines = append(lines, line)
			}
		}
	})
	return lines
}

func TestHowFarAReleaseIsIsToldForAllHosts(t *testing.T) {
	has := func(h *host) *host {
		h.seen.Releases = []release.ID{id2}
		return h
	}
	for name, c := range map[string]struct {
		pace  time.Duration
		hosts []*host
		want  []string
	}{
		"nobody waits for long": {0, []*host{{Host: receiver{second: 5 * mega}}}, nil},
		"they are sent nothing": {0, []*host{has(&host{Host: receiver{verify: time.Minute}}), {hasArtifact: true, Host: receiver{verify: time.Minute}}}, nil},
		"a slow host": {
			0, []*host{{Host: receiver{second: 10 * mega}}, {Host: receiver{second: 1.6 * mega, verify: 10500 * time.Millisecond}}, has(&host{Host: receiver{}})},
			[]string{"sending: 1 of 2 hosts done, 56 of 80 MB", "sending: 1 of 2 hosts done, 72 of 80 MB", "sending: 1 of 2 hosts done, 80 of 80 MB"},
		},
		"a slow build server": {
			900 * time.Millisecond, []*host{{Host: receiver{second: 100 * mega}}, {Host: receiver{second: 100 * mega}}},
			[]string{
				"sending: 0 of 2 hosts done, 22 MB sent; the build server has sent 11 MB so far",
				"sending: 0 of 2 hosts done, 44 MB sent; the build server has sent 22 MB so far",
				"sending: 0 of 2 hosts done, 66 MB sent; the build server has sent 33 MB so far",
			},
		},
		"one that fails on its way": {
			0, []*host{{Host: receiver{second: 3 * mega, most: 6 * mega}}, {Host: receiver{second: 3 * mega}}},
			[]string{"sending: 0 of 2 hosts done, 1 failed, 36 of 46 MB"},
		},
		"one that is not begun, and one that copies it": {
			0, []*host{
				{Host: receiver{second: 1.6 * mega}}, {Host: receiver{second: 100 * mega, before: 14 * time.Second}},
				{hasArtifact: true, Host: receiver{before: 14 * time.Second}},
			},
			[]string{"sending: 0 of 2 hosts done, 16 of 80 MB", "sending: 1 of 2 hosts done, 72 of 80 MB"},
		},
		"one that is to be sent it anew": {
			0, []*host{has(&host{Host: spoiled{receiver{second: 3 * mega}}}), {Host: receiver{second: 10 * mega}}},
			[]string{"sending: 1 of 2 hosts done, 70 of 80 MB"},
		},
	} {
		if got := sent(t, c.pace, c.hosts...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
