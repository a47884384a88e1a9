package host

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/progress"
)

func TestAnAnswerIsAsExpected(t *testing.T) {
	t.Parallel()
	h := config.Health{URL: parsed(t, "http://127.0.0.1:4001/health"), Status: []config.StatusRange{{First: 200, Last: 204}, {First: 302, Last: 302}}, Body: regexp.MustCompile(`"ok"`)}
	for name, c := range map[string]struct {
		answer answer
		says   string
	}{
		"good":            {answer{status: 200, body: []byte(`{"status":"ok"}`)}, ""},
		"another status":  {answer{status: 302, body: []byte(`"ok"`), location: "/x"}, ""},
		"another body":    {answer{status: 204, body: []byte("starting")}, `its body does not match "\"ok\"": it begins with "starting"`},
		"a wrong status":  {answer{status: 205, body: []byte(`"ok"`)}, "answers 205 Reset Content"},
		"a redirect":      {answer{status: 301, location: "/login"}, `answers 301 Moved Permanently to "/login": redirects are not followed`},
		"an endless body": {answer{status: 500, body: []byte(strings.Repeat("x", 1000))}, "answers 500 Internal Server Error"},
	} {
		err := check(h, c.answer, func(text string) string { return text })
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}

// The message has the beginning of the body, and the cut hides no part of a secret.
func TestASecretInAnAnswerIsHiddenBeforeTheCut(t *testing.T) {
	t.Parallel()
	h := config.Health{URL: parsed(t, "http://127.0.0.1:4001/health"), Status: []config.StatusRange{{First: 200, Last: 200}}, Body: regexp.MustCompile(`"ok"`)}
	hide := progress.New(progress.Terminal{W: io.Discard}, "correct-horse-battery").RedactCut
	for n := 80; n <= 100; n++ {
		before := strings.Repeat("x", n)
		err := check(h, answer{status: 200, body: []byte(before + "correct-horse-battery")}, hide)
		if err == nil || strings.Contains(err.Error(), "xc") || !strings.Contains(err.Error(), before) {
			t.Fatalf("%d: %v", n, err)
		}
		err = check(h, answer{status: 301, location: before + before + "correct-horse-battery"}, hide)
		if err == nil || strings.Contains(err.Error(), "xc") {
			t.Fatalf("%d: %v", n, err)
		}
	}
}

// direct is a host whose connections start on this machine.
type direct struct{ Conn }

func (direct) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// The request uses the name in the certificate and the server's own address.
func TestACertificateIsOfTheServersName(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Host)) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log each failed handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	h := proving(t, direct{})
	h.roots = roots
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for name, says := range map[string]string{"example.com": "", "other.org": "certificate is valid for example.com"} {
		health := config.Health{URL: parsed(t, server.URL), ServerName: name, Status: []config.StatusRange{{First: 200, Last: 200}}, Body: regexp.MustCompile("^" + name + port + "$")}
		err := h.ask(t.Context(), health)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
}

// silent is a host on which every script hangs.
type silent struct{ Conn }

func (silent) Exec(ctx context.Context, _ string, _ io.Reader, _, _ io.Writer) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAHangIsToldWithoutForwardingToo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	h := proving(t, silent{})
	if _, err := h.askThere(ctx, config.Health{URL: parsed(t, "http://127.0.0.1:4001/health")}); err == nil || !strings.HasPrefix(err.Error(), "no answer from the health URL: ") {
		t.Error(err)
	}
}
