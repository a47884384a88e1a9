package labcli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/apxr/slipway/test/lab/labtest"
)

// TestMain is the supervisor too: up starts its own program again, and that is this test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == superviseCommand {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(Main(ctx, os.Args[1:], Streams{os.Stdin, os.Stdout, os.Stderr}))
	}
	os.Exit(m.Run())
}

type result struct {
	code     int
	out, err string
}

func command(t *testing.T, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := Main(t.Context(), args, Streams{strings.NewReader(""), &out, &errOut})
	return result{code, out.String(), errOut.String()}
}

// succeed runs a command that must succeed and whose output must hold all of want.
func succeed(t *testing.T, args []string, want ...string) {
	t.Helper()
	r := command(t, args...)
	if r.code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, r.code, r.err)
	}
	for _, text := range want {
		if !strings.Contains(r.out, text) {
			t.Errorf("%v: %q is missing in:\n%s", args, text, r.out)
		}
	}
}

func fail(t *testing.T, code int, wantErr string, args ...string) {
	t.Helper()
	if r := command(t, args...); r.code != code || !strings.Contains(r.err, wantErr) {
		t.Errorf("%v: exit code %d, %q; want %d, %q", args, r.code, r.err, code, wantErr)
	}
}

func TestMistakesInTheArguments(t *testing.T) {
	fail(t, 2, "no command; see `lab help`")
	fail(t, 2, `unknown command "upp"`, "upp")
	fail(t, 2, "up:", "up", "--web", "0")
	fail(t, 2, "up:", "up", "--wbe", "2")
	fail(t, 2, "up:", "up", "now")
	fail(t, 2, "up:", "up", "--bare", "-1")
	fail(t, 2, "which host?", "ssh")
	fail(t, 1, `"shelcheck" is none of the tools`, "tools", "shelcheck")
	succeed(t, []string{"help"}, "up [--web N] [--bare M]", "env")
}

func TestALabByHand(t *testing.T) {
	labtest.Need(t)
	if _, err := byHand(); !errors.Is(err, errNotUp) {
		labtest.CannotRun(t, errors.New("somebody's lab is up, and there is only one by hand: `lab down` ends it"))
	}
	fail(t, 1, "start one with `lab up`", "env")

	t.Cleanup(func() { Main(context.Background(), []string{"down"}, Streams{nil, os.Stderr, os.Stderr}) })
	succeed(t, []string{"up", "--web", "1", "--bare", "1"}, "ready, started by `lab up`", "build", "git", "web1", "bare1")
	succeed(t, []string{"status"}, "ready, started by `lab up`")
	succeed(t, []string{"env"}, "SLIPWAY_HOSTS='10.213.", "deploy_key'", "known_hosts'", "git@git.apxr.test:apxr_io.git")
	succeed(t, []string{"ssh", "web1", "whoami; systemctl is-enabled apxr_io.service"}, "root\nenabled\n")
	succeed(t, []string{"ssh", "deploy@web1", "id -Gn"}, "deploy apxr_io\n")
	succeed(t, []string{"ssh", "bare1", "apt-get update"}, "Get:")
	fail(t, 7, "", "ssh", "build", "exit 7")
	fail(t, 1, `no host "web2"`, "ssh", "web2", "true")
	fail(t, 1, "is up already", "up")
	succeed(t, []string{"down"}, "is down")
	succeed(t, []string{"down"}, "no lab was up")
}
