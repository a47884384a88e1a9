package host_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/release"
)

// health returns a change of the plan that requests a port of this machine.
func health(port string) func(*host.Plan) {
	return func(p *host.Plan) {
		p.Health = &config.Health{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:" + port, Path: "/"}, Status: []config.StatusRange{{First: 200, Last: 299}}}
	}
}

// closed returns a port that nothing listens on.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	return port
}

type forbidden struct{ error }

func (forbidden) ForwardingForbidden() bool { return true }

func TestHowTheHealthURLCanBeAskedIsFoundOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	port := closed(t)
	s.meet(release.Deploy, health(port)).Close() // nothing listens before a first deploy

	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	s.must(err)
	defer listener.Close()
	s.meet(release.Deploy, health(port)).Close()

	for _, c := range []struct {
		curl bool
		says string
	}{{true, ""}, {false, "sshd forbids TCP forwarding, and there is no curl on the host: install curl, or allow it in sshd_config: 'AllowTcpForwarding local', no DisableForwarding, and 127.0.0.1:" + port + " if it has a PermitOpen"}} {
		h := s.begin(release.Deploy, health(port))
		s.must(h.Connect(t.Context()))
		conn := s.conns[len(s.conns)-1]
		conn.deaf = forbidden{errors.New("administratively prohibited")}
		if !c.curl {
			conn.env = append(conn.env, "PATH="+s.withoutCurl())
		}
		err := h.Look(t.Context(), host.Question{})
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("curl %v: %v, want %q", c.curl, err, c.says)
		}
		h.Close()
	}
}

// withoutCurl returns a PATH with everything that the scripts need, except
// curl.
func (s *site) withoutCurl() string {
	s.Helper()
	dir := s.path("nocurl")
	s.must(os.MkdirAll(dir, 0o755))
	for _, from := range []string{"/bin", "/usr/bin", "/sbin", "/usr/sbin"} {
		entries, err := os.ReadDir(from)
		s.must(err)
		for _, e := range entries {
			if e.Name() != "curl" {
				os.Symlink(from+"/"+e.Name(), dir+"/"+e.Name()) // an existing link stays: it is from an earlier directory of PATH
			}
		}
	}
	return s.path("bin") + ":" + dir
}

func TestWhatRunsIsLookedAtBeforeItIsReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	s.meet(release.Deploy, health(closed(t))).Close()
	s.says("what runs now does not meet the checks: no answer from the health URL")
}

func TestAHostThatCannotBeUsedSaysEverything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	s.must(os.RemoveAll(s.path("opt/app/current")))
	s.must(os.MkdirAll(s.path("opt/app/current"), 0o755))
	h := s.begin(release.Deploy, func(p *host.Plan) { p.Units = []string{"app.service", "other.service"} })
	s.must(h.Connect(t.Context()))
	err := h.Look(t.Context(), host.Question{})
	s.failed(err, "current is not a link", "may not run 'sudo /usr/bin/systemctl restart other.service'")
	h.Close()
}

func TestAConnectionThatFailsHasNothingToClose(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.dial = errors.New("web1: no route to host")
	h := s.begin(release.Deploy, nil)
	err := h.Connect(t.Context())
	s.failed(err, "no route to host")
	h.Result().Fail(host.Untouched, err)
	if got := h.Result().Err(); got == nil || got.Error() != "no route to host" {
		t.Errorf("the result names the host twice: %v", got)
	}
	s.must(h.Close())
}

func TestALookThatIsCancelledIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.begin(release.Deploy, nil)
	s.must(h.Connect(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.failed(h.Look(ctx, host.Question{}), "context canceled")
	h.Close()
}

func TestAListHasSizesAndNoFindings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.deploy(1)
	h := s.begin("", func(p *host.Plan) { p.Units = []string{"nobody-knows.service"} })
	s.must(h.Connect(t.Context()))
	s.must(h.Look(t.Context(), host.Question{List: true}))
	if seen := h.Seen(); seen.Sizes[at(1)] == 0 || seen.At.IsZero() || len(seen.History) != 1 {
		t.Errorf("%+v", seen)
	}
	h.Close()
}
