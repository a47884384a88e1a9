package rollout

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

var quiet = progress.New(progress.Terminal{W: io.Discard})

// source is an artifact that writes given pieces.
type source struct {
	Artifact
	pieces  []string
	between func()
	err     error
	mu      sync.Mutex
	exports int
}

func (s *source) Manifest() release.Manifest { return release.Manifest{ReleaseID: id2} }

func (s *source) Export(ctx context.Context, w io.Writer) error {
	s.mu.Lock()
	s.exports++
	s.mu.Unlock()
	for _, piece := range s.pieces {
		if s.between != nil {
			s.between()
		}
		if _, err := io.WriteString(w, piece); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return s.err
}

func TestEveryHostGetsTheWholeReleaseThatIsReadOnce(t *testing.T) {
	s := &source{}
	for range 100 {
		s.pieces = append(s.pieces, strings.Repeat("0123456789", 1000))
	}
	want := strings.Join(s.pieces, "")
	spool := newSpool(t.Context(), s, quiet)
	defer spool.Close()
	var hosts sync.WaitGroup
	for range 20 {
		hosts.Go(func() {
			in, err := spool.open()
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := io.ReadAll(in); err != nil || string(got) != want {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	hosts.Wait()
	if late, err := spool.open(); err != nil {
		t.Error(err)
	} else if got, _ := io.ReadAll(late); string(got) != want {
		t.Errorf("a late host gets %d bytes", len(got))
	}
	if s.exports != 1 {
		t.Errorf("it was read %d times", s.exports)
	}
}

func TestASlowHostHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{pieces: []string{"one", "two", "three"}, between: func() { time.Sleep(time.Second) }}
		spool := newSpool(t.Context(), s, quiet)
		defer spool.Close()
		slow, err := spool.open()
		if err != nil {
			t.Fatal(err)
		}
		fast, _ := spool.open()
		began := time.Now()
		if got, err := io.ReadAll(fast); err != nil || string(got) != "onetwothree" || time.Since(began) > 3*time.Second {
			t.Errorf("%q, %v after %s", got, err, time.Since(began))
		}
		if got, err := io.ReadAll(slow); err != nil || string(got) != "onetwothree" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestABuildHostThatFailsIsTold(t *testing.T) {
	broken := errors.New("the artifact is gone")
	spool := newSpool(t.Context(), &source{pieces: []string{"half"}, err: broken}, quiet)
	defer spool.Close()
	in, err := spool.open()
	if err != nil {
		t.Fatal(err)
	}
	// The data before a failure must never count as complete.
	if got, err := io.ReadAll(in); !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTheSpoolIsBounded(t *testing.T) {
	big := &source{pieces: []string{string(bytes.Repeat([]byte{'x'}, spoolRoom+3))}}
	spool := newSpool(t.Context(), big, quiet)
	defer spool.Close()
	in, err := spool.open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, in); err == nil || !strings.Contains(err.Error(), "more than the release can have") {
		t.Errorf("%v", err)
	}
}

func TestTheSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	spool := newSpool(t.Context(), &source{pieces: []string{"x"}}, quiet)
	in, err := spool.open()
	if err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("while it is in use: %v, %v", files, err)
	}
	io.Copy(io.Discard, in)
	if err := spool.Close(); err != nil {
		t.Error(err)
	}
	if err := newSpool(t.Context(), &source{}, quiet).Close(); err != nil {
		t.Errorf("one that nobody used: %v", err)
	}

	t.Setenv("TMPDIR", dir+"/none")
	spool = newSpool(t.Context(), &source{}, quiet)
	defer spool.Close()
	for range 2 {
		if _, err := spool.open(); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
			t.Errorf("without a place: %v", err)
		}
	}
}

func TestACancelEndsTheSpool(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &source{pieces: []string{"a", "b"}, between: cancel}
	spool := newSpool(ctx, s, quiet)
	in, err := spool.open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(in); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	spool.Close()
}
