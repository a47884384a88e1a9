package progress

import (
	"fmt"
	"sync"
	"time"
)

// While tells a line every so often for as long as something takes: what line
// returns then, nothing if that is empty. Nothing is told after stop has returned.
func (l *Log) While(every time.Duration, line func() string) (stop func()) {
	done := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.remind(line())
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		told.Wait()
	}
}

// remind tells a line that is no news: it does not end a silence.
func (l *Log) remind(text string) {
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.face.Line(l.Redact(text))
}

// How long a silence is before it is told, and how often it is told then.
const (
	silentFor   = 30 * time.Second
	silentLong  = 5 * time.Minute
	remindLater = time.Minute // of a long silence
)

// WhileSilent tells that what is under way still is, if nothing else is told for long.
func (l *Log) WhileSilent(what string) (stop func()) {
	s := silence{log: l, what: what, began: time.Now()}
	return l.While(time.Second, s.line)
}

// silence is how long nothing was told, and when that is to be said.
type silence struct {
	log   *Log
	what  string
	began time.Time
	next  time.Duration // of silence
}

func (s *silence) line() string {
	silent := s.log.silent()
	if silent < silentFor {
		s.next = silentFor
	}
	if silent < s.next {
		return ""
	}
	s.next += silentFor
	if s.next > silentLong {
		s.next += remindLater - silentFor
	}
	return fmt.Sprintf("still in %s: %s, silent for %s", s.what, minutes(time.Since(s.began)), minutes(silent))
}

func (l *Log) silent() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.heard)
}

// minutes is a duration for people who wait.
func minutes(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
