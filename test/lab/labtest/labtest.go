// Package labtest gives tests a lab of real hosts, one for each test binary, and ends it however the tests end.
//
// It does not know what the tests do with the hosts, nor does it put hosts back into a former state between tests:
// tests that share a lab use directories, units and applications of their own.
package labtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

// Need skips a test where no lab can run: without root, on other systems, or when SLIPWAY_LAB=off. With CI=true in
// the environment the test fails instead, so that a green run has not silently left it out.
func Need(t testing.TB) {
	t.Helper()
	if os.Getenv("SLIPWAY_LAB") == "off" {
		CannotRun(t, errors.New("SLIPWAY_LAB=off"))
	}
	if err := lab.CheckMachine(); err != nil {
		CannotRun(t, err)
	}
}

// CannotRun skips a test for a reason that lies in the machine, or, with CI=true, fails it.
func CannotRun(t testing.TB, reason error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("this test must run in CI: %v", reason)
	}
	t.Skip(reason)
}

// shared is the test binary's lab.
var shared sharedLab

type sharedLab struct {
	run func() (*lab.Lab, error) // starts it, the first time

	mu      sync.Mutex
	started *lab.Lab
}

// Main runs a package's tests and exits; TestMain calls it. The lab is started when the first test asks for it, and
// is gone when Main exits: after success, failure, Ctrl-C or SIGTERM. What Main does not see (a panic in a test, its
// timeout, a kill) a guard process does.
func Main(m *testing.M, opts lab.Options) {
	exitIfGuard()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if opts.Log == nil {
		opts.Log = os.Stderr
	}
	if suite := os.Getenv("SLIPWAY_LAB_SUITE"); suite != "" {
		opts = opts.OfSuite(suite)
	}
	shared.run = sync.OnceValues(func() (*lab.Lab, error) { return shared.start(ctx, opts) })

	go func() {
		<-ctx.Done()
		exit(130)
	}()
	exit(m.Run())
}

// exit ends the lab, then the process. The tests' end and a signal may both call it: the lab is ended once, and
// neither exits before it is.
func exit(code int) {
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Lab is the test binary's lab. The first call boots it; if that fails, every test that asks for it fails.
func Lab(t testing.TB) *lab.Lab {
	t.Helper()
	Need(t)
	if shared.run == nil {
		t.Fatal("labtest.Lab needs a TestMain that calls labtest.Main")
	}
	l, err := shared.run()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// start holds the mutex while the hosts boot: a signal that comes now ends ctx, and stop waits until Start has
// cleaned up.
func (s *sharedLab) start(ctx context.Context, opts lab.Options) (*lab.Lab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := startGuard(); err != nil {
		return nil, err
	}
	l, err := lab.Start(ctx, opts)
	s.started = l
	return l, err
}

func (s *sharedLab) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started == nil {
		return nil
	}
	return s.started.Stop()
}
