package app

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
)

// lockedText is a log that the signals' goroutines write.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) waitFor(t *testing.T, words string) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		l.mu.Lock()
		found := strings.Contains(l.text.String(), words)
		l.mu.Unlock()
		if found {
			return
		}
	}
	t.Errorf("it does not say %q: %s", words, l.text.String())
}

// signalMyself is not for parallel tests: the signal reaches all of them.
func signalMyself(t *testing.T, sig syscall.Signal, ended context.Context) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended.Done():
	case <-time.After(10 * time.Second):
		t.Fatalf("%s ended nothing", sig)
	}
}

func TestOnALaptopTheSecondSignalHurries(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		said := &lockedText{}
		running, hurry, stop := interruptible(t.Context(), func(string) string { return "" })
		told := announceInterrupts(running, hurry, config.Deploy, progress.New(progress.Terminal{W: said}))
		signalMyself(t, sig, running)
		said.waitFor(t, "every host that was switched goes back to what it ran before")
		if hurry.Err() != nil || host.Hurry(running).Err() != nil {
			t.Errorf("%s: the first one hurries", sig)
		}
		signalMyself(t, sig, host.Hurry(running))
		said.waitFor(t, "interrupted again")
		told()
		stop()
	}
}

func TestOnARunnerTheFirstSignalHurries(t *testing.T) {
	running, hurry, stop := interruptible(t.Context(), func(name string) string { return map[string]string{"CI": "true"}[name] })
	defer stop()
	signalMyself(t, syscall.SIGINT, running)
	if hurry.Err() == nil || host.Hurry(running).Err() == nil {
		t.Error("it thinks that it has time")
	}
}

func TestARunThatEndsByItselfWasNotInterrupted(t *testing.T) {
	said := &lockedText{}
	running, hurry, stop := interruptible(t.Context(), func(string) string { return "" })
	announceInterrupts(running, hurry, config.Deploy, progress.New(progress.Terminal{W: said}))()
	stop()
	time.Sleep(10 * time.Millisecond)
	said.mu.Lock()
	defer said.mu.Unlock()
	if said.text.Len() > 0 {
		t.Error(said.text.String())
	}
}

func TestEachVerbSaysWhatAnInterruptDoes(t *testing.T) {
	for _, v := range config.Verbs {
		text := interruptedText(v.Verb)
		if back := strings.Contains(text, "Ctrl-C again hurries"); back != (v.Verb == config.Deploy || v.Verb == config.BuildAndDeploy || v.Verb == config.Activate || v.Verb == config.Rollback || v.Verb == config.Revert) {
			t.Errorf("%s: %s", v.Verb, text)
		}
	}
}
