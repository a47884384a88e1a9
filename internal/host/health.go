package host

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/script"
)

// userAgent names Slipway in requests of the health URL. The host's own client sends
// the same.
const userAgent = "slipway"

const answerTimeout = 5 * time.Second // for one health request

// ask requests the health URL as seen from the host itself.
func (h *Host) ask(ctx context.Context, health config.Health) error {
	request := h.askThrough
	if h.curl {
		request = h.askThere
	}
	a, err := request(ctx, health)
	if err != nil {
		return short{err, health.URL.RequestURI() + " did not answer"}
	}
	return check(health, a, h.run.Log.RedactCut)
}

// answer is the application's answer.
type answer struct {
	status   int
	location string // target of a redirect
	body     []byte
}

// check compares the answer with what is expected. An error shows a part of it, from
// which hide removes secrets first.
func check(h config.Health, a answer, hide func(string) string) error {
	path := h.URL.RequestURI()
	switch {
	case !h.Accepts(a.status) && a.location != "":
		return short{
			fmt.Errorf("%s answers %d %s to %.200q: redirects are not followed; name that URL, or accept it by health-status", h.URL, a.status, http.StatusText(a.status), hide(a.location)),
			fmt.Sprintf("%s answered %d, a redirect", path, a.status),
		}
	case !h.Accepts(a.status):
		return short{fmt.Errorf("%s answers %d %s", h.URL, a.status, http.StatusText(a.status)), fmt.Sprintf("%s answered %d", path, a.status)}
	case h.Body != nil && !h.Body.Match(a.body):
		return short{
			fmt.Errorf("%s answers %d, and its body does not match %q: it begins with %.100q", h.URL, a.status, h.Body, hide(string(a.body))),
			fmt.Sprintf("%s answered %d with another body than expected", path, a.status),
		}
	}
	return nil
}

// named returns the URL with the server's name. The name goes into the Host
// header and is compared with the certificate.
func named(h config.Health) *url.URL {
	u := *h.URL
	if h.ServerName == "" {
		return &u
	}
	u.Host = h.ServerName
	if port := h.URL.Port(); port != "" {
		u.Host = net.JoinHostPort(h.ServerName, port)
	}
	return &u
}

// askThrough sends the request through the connection to the host.
func (h *Host) askThrough(ctx context.Context, health config.Health) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client := http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return h.conn.DialContext(ctx, network, health.Addr())
			},
			TLSClientConfig:   &tls.Config{ServerName: health.ServerName, RootCAs: h.roots},
			DisableKeepAlives: true,
		},
		// Do not follow redirects: that would prove something other than what
		// was asked for.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, named(health).String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("no answer from the health URL: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, script.MostHealth))
	if err != nil && health.Body != nil {
		return answer{}, fmt.Errorf("no whole answer from the health URL: %w", err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), body}, nil
}

// askThere lets the host send the request.
func (h *Host) askThere(ctx context.Context, health config.Health) (answer, error) {
	u, connect := named(health), ""
	if health.ServerName != "" {
		_, port, err := net.SplitHostPort(health.Addr())
		if err != nil {
			return answer{}, err
		}
		connect = net.JoinHostPort(health.ServerName, port) + ":" + health.Addr()
	}
	status, body, err := h.script().Ask(ctx, u.String(), connect)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("no answer from the health URL: %w", ctx.Err())
	}
	return answer{status: status, body: body}, err
}
