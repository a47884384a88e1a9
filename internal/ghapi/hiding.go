package ghapi

import (
	"bytes"
	"io"
	"net/http"
)

// hiding hides secrets in what is sent to GitHub, whatever sends it.
type hiding struct {
	next http.RoundTripper
	hide func(json string) string // nil: nothing is hidden
}

func (h hiding) RoundTrip(req *http.Request) (*http.Response, error) {
	if h.hide == nil || req.Body == nil {
		return h.next.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	text := []byte(h.hide(string(body)))
	req = req.Clone(req.Context())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return h.next.RoundTrip(req)
}
