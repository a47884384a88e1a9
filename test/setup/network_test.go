package setup

import (
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
)

func TestPortsLeadToTheApplication(t *testing.T) {
	s := liveSite(t)
	const plain, tls = "shop 0.1.0 over gen_tcp", "shop 0.1.0 over ssl"
	outside := map[string]string{
		"http://" + s.web.Addr + "/": plain, "http://[" + s.web.Addr6 + "]/": plain,
		"https://" + s.web.Addr + "/": tls, "https://[" + s.web.Addr6 + "]/": tls,
	}
	s.lead(s.client, outside)
	s.lead(s.web, outside)
	s.lead(s.web, map[string]string{
		"http://127.0.0.1/": plain, "http://[::1]/": plain, "http://127.0.0.1:4001/": plain, "http://[::1]:4001/": plain,
	})
	// The application's own ports, epmd, and a port where nobody listens.
	const try = `for at in "$@"; do address=${at% *} port=${at#* }
	timeout 3 bash -c "exec 3<>/dev/tcp/$address/$port" 2>/dev/null && echo "$at is reached" & done; wait; true`
	args := []string{"sh", "-c", try, "sh", s.web.Addr + " 4001", s.web.Addr6 + " 4001", s.web.Addr + " 4443", s.web.Addr + " 4369", s.web.Addr + " 4002"}
	if reached, err := s.client.Run(t.Context(), nil, args...); err != nil || reached != "" {
		t.Errorf("%v, %s", err, reached)
	}
	if got, err := s.client.Run(t.Context(), nil, "sh", "-c", try, "sh", s.web.Addr+" 80"); err != nil || !strings.Contains(got, "80 is reached") {
		t.Errorf("the test does not see a port that is open: %v, %s", err, got)
	}
}

// lead checks what URLs answer on a host.
func (s *site) lead(from *lab.Host, want map[string]string) {
	s.Helper()
	var urls []string
	for url := range want {
		urls = append(urls, url)
	}
	for url, got := range s.get(from, urls...) {
		if !strings.Contains(got, want[url]) {
			s.Errorf("on %s, %s answers %q, want %q", from.Name, url, got, want[url])
		}
	}
}

func TestOutgoingConnectionsGoOut(t *testing.T) {
	s := liveSite(t)
	s.root(s.client, `mkdir -p /tmp/other && echo another server >/tmp/other/index.html
		for port in 80 443; do systemd-run --unit=other-$port --collect --working-directory=/tmp/other python3 -m http.server --bind :: $port; done`)
	defer s.root(s.client, "systemctl stop other-80 other-443")
	for _, port := range []string{"80", "443"} {
		s.answers(s.client, "http://127.0.0.1:"+port+"/", "another server")
	}
	s.lead(s.web, map[string]string{
		"http://" + s.client.Addr + "/": "another server", "http://[" + s.client.Addr6 + "]/": "another server",
		"http://" + s.client.Addr + ":443/": "another server", "http://[" + s.client.Addr6 + "]:443/": "another server",
	})
}
