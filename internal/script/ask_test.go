package script

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

func TestTheHostAsksByItself(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed: make test installs it")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/big":
			w.Write(make([]byte, MostHealth+1000))
		default:
			w.WriteHeader(http.StatusTeapot)
			w.Write([]byte("host=" + r.Host + "\nquery=" + r.URL.RawQuery))
		}
	}))
	t.Cleanup(server.Close)
	s := newSite(t)
	s.command("mktemp", "exit 1") // a temporary file would remain when a run stops waiting
	addr := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(addr, ":")
	status, body, err := s.host(nil).Ask(t.Context(), "http://app.example.com:"+port+"/x?a=$(id)&b=%20'", "app.example.com:"+port+":"+addr)
	if want := "host=app.example.com:" + port + "\nquery=a=$(id)&b=%20'"; err != nil || status != http.StatusTeapot || string(body) != want {
		t.Errorf("%d %q %v", status, body, err)
	}
	if status, _, err := s.host(nil).Ask(t.Context(), server.URL+"/moved", ""); err != nil || status != http.StatusFound {
		t.Errorf("a redirect: %d %v", status, err)
	}
	if status, body, err := s.host(nil).Ask(t.Context(), server.URL+"/big", ""); err != nil || status != http.StatusOK || len(body) != MostHealth {
		t.Errorf("a big answer: %d, %d bytes, %v", status, len(body), err)
	}
	server.Close()
	_, _, err = s.host(nil).Ask(t.Context(), server.URL, "")
	wantReason(t, err, "no answer from the health URL")
}
