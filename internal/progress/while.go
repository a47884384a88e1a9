package progress

import (
	"fmt"
	"sync"
	"time"
)

// While calls line at regular intervals until stop is called, and logs what it
// returns, unless that is empty. Nothing is logged after stop has returned.
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

// remind logs a line that is not news, so it does not end a silence.
func (l *Log) remind(text string) {
	if text == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.face.Line(l.Redact(text))
}

// A silence is logged after silentFor, and then again at that interval; a long one
// at the interval remindLater.
const (
	silentFor   = 10 * time.Second
	silentLong  = 5 * time.Minute
	remindLater = time.Minute
)

// WhileSilent logs that work is still going on whenever nothing else was logged
// for long, until stop is called.
func (l *Log) WhileSilent(what string) (stop func()) {
	s := silence{log: l, what: what, began: time.Now()}
	return l.While(time.Second, s.line)
}

// silence decides when to log that nothing else was logged.
type silence struct {
	log   *Log
	what  string
	began time.Time
	next  time.Duration // the length of the silence at which to log it next
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

// minutes formats a duration for people who wait.
func minutes(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}
