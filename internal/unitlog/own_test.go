package unitlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ofShopd returns what the process of an application logs, each line at once.
func ofShopd(text string) []Line {
	var all []Line
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "systemd[1]: ") {
			line = "shopd[812]: " + line
		}
		all = append(all, Line{Text: line})
	}
	return all
}

func textsOf(lines []Line) (texts []string) {
	for _, line := range lines {
		texts = append(texts, line.Text)
	}
	return texts
}

func TestOwnRequestsAreLeftOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ log, want string }{
		"plain Logger": {`
07:00:01.000 [info] Running ShopdWeb.Endpoint with Bandit 1.5.7 at 0.0.0.0:4000 (http)
07:00:01.101 [info] GET /health
07:00:01.102 [info] Sent 200 in 1ms
07:00:01.301 [info] GET /health
07:00:01.302 [info] Sent 200 in 458µs
07:00:01.401 [info] GET /carts/7
07:00:01.402 [info] Sent 200 in 3ms`, `
07:00:01.000 [info] Running ShopdWeb.Endpoint with Bandit 1.5.7 at 0.0.0.0:4000 (http)
07:00:01.401 [info] GET /carts/7
07:00:01.402 [info] Sent 200 in 3ms`},
		"requests at the same time": {`
07:00:01.101 [info] GET /health
07:00:01.101 [info] GET /carts/7
07:00:01.102 [info] Sent 200 in 1ms
07:00:01.103 [info] Sent 404 in 2ms`, `
07:00:01.101 [info] GET /carts/7
07:00:01.102 [info] Sent 200 in 1ms
07:00:01.103 [info] Sent 404 in 2ms`},
		"Phoenix with request_id": {`
07:00:01.101 request_id=F_abcdef0001 [info] GET /health
07:00:01.101 request_id=F_abcdef0002 [info] GET /
07:00:01.102 request_id=F_abcdef0001 [debug] Processing with ShopdWeb.HealthController.show/2
  Parameters: %{}
  Pipelines: [:api]
07:00:01.102 request_id=F_abcdef0001 [info] Sent 200 in 1ms
07:00:01.103 request_id=F_abcdef0002 [info] Sent 302 in 2ms`, `
07:00:01.101 request_id=F_abcdef0002 [info] GET /
07:00:01.103 request_id=F_abcdef0002 [info] Sent 302 in 2ms`},
		"JSON of LoggerJSON": {`
{"message":"GET /health","metadata":{"request_id":"F_abcdef0001"},"severity":"info","time":"2026-12-01T07:00:01.101Z"}
{"message":"Sent 200 in 1ms","metadata":{"request_id":"F_abcdef0001"},"severity":"info","time":"2026-12-01T07:00:01.102Z"}
{"message":"started","severity":"info","time":"2026-12-01T07:00:01.102Z"}`, `
{"message":"started","severity":"info","time":"2026-12-01T07:00:01.102Z"}`},
		"JSON with fields of a request": {`
{"level":"info","method":"GET","path":"/health","status":200,"duration_ms":0.4}
{"level":"info","method":"GET","path":"/healthy-food","status":200,"duration_ms":0.4}
{"level":"info","http":{"method":"POST","path":"/health","status":200}}
{"level":"info","request":{"method":"GET","uri":"/carts"},"user_agent":"slipway"}`, `
{"level":"info","method":"GET","path":"/healthy-food","status":200,"duration_ms":0.4}
{"level":"info","http":{"method":"POST","path":"/health","status":200}}`},
		"access logs": {`
127.0.0.1 - - [01/Dec/2026:07:00:01 +0000] "GET /health HTTP/1.1" 200 2 "-" "slipway"
127.0.0.1 - - [01/Dec/2026:07:00:01 +0000] "GET /health HTTP/1.1" 200 2 "-" "kube-probe/1.29"
10.0.0.9 - - [01/Dec/2026:07:00:01 +0000] "GET /health/deep HTTP/1.1" 200 2 "-" "curl/8.5"
127.0.0.1 - - [01/Dec/2026:07:00:01 +0000] "GET /old HTTP/1.1" 200 2 "-" "slipway"`, `
10.0.0.9 - - [01/Dec/2026:07:00:01 +0000] "GET /health/deep HTTP/1.1" 200 2 "-" "curl/8.5"`},
		"logfmt": {`
level=info method=GET path=/health status=200 duration=0.31
level=info method=GET path=/carts status=200 duration=0.31
level=error method=GET path=/health status=500 duration=0.31`, `
level=info method=GET path=/carts status=200 duration=0.31
level=error method=GET path=/health status=500 duration=0.31`},
		"failures stay": {`
07:00:01.101 [info] GET /health
07:00:01.103 [info] Sent 500 in 2ms
07:00:01.103 [error] #PID<0.2.0> running ShopdWeb.Endpoint (connection #PID<0.1.0>, stream id 1) terminated
Server: 127.0.0.1:4000 (http)
Request: GET /health
** (exit) an exception was raised:
    ** (KeyError) key :db not found in: %{}
07:00:01.203 GET /health failed: eacces
{"level":"info","method":"GET","path":"/health","status":503}
127.0.0.1 - - [01/Dec/2026:07:00:01 +0000] "GET /health HTTP/1.1" 503 2 "-" "slipway"`, `
07:00:01.101 [info] GET /health
07:00:01.103 [info] Sent 500 in 2ms
07:00:01.103 [error] #PID<0.2.0> running ShopdWeb.Endpoint (connection #PID<0.1.0>, stream id 1) terminated
Server: 127.0.0.1:4000 (http)
Request: GET /health
** (exit) an exception was raised:
    ** (KeyError) key :db not found in: %{}
07:00:01.203 GET /health failed: eacces
{"level":"info","method":"GET","path":"/health","status":503}
127.0.0.1 - - [01/Dec/2026:07:00:01 +0000] "GET /health HTTP/1.1" 503 2 "-" "slipway"`},
		"failures with an ID stay whole": {`
07:00:01.101 request_id=F_abcdef0001 [info] GET /health
07:00:01.102 request_id=F_abcdef0001 [info] Sent 503 in 1ms
07:00:01.301 request_id=F_abcdef0002 [info] GET /health
07:00:01.302 request_id=F_abcdef0002 [info] Sent 503 in 845µs`, `
07:00:01.101 request_id=F_abcdef0001 [info] GET /health (2 times)
07:00:01.102 request_id=F_abcdef0001 [info] Sent 503 in 1ms (2 times)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, e := range folded(get("/health").without(Read(ofShopd(c.log)).entries)) {
				got = append(got, e.shown()...)
			}
			if want := textsOf(ofShopd(c.want)); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
	lines := ofShopd("07:00:01.101 [info] GET /health")
	if got := Read(lines).Shown(Request{}, 9); !slices.Equal(got, textsOf(lines)) {
		t.Errorf("without a health URL: %q", got)
	}
}

func TestRepeatsAreCounted(t *testing.T) {
	t.Parallel()
	var lines []string
	for n := range 14 {
		lines = append(lines, fmt.Sprintf("shopd[%d]: 07:00:%02d.123 [error] Postgrex.Protocol (#PID<0.%d.0>) failed to connect: ** (DBConnection.ConnectionError) tcp connect (db:5432): connection refused - :econnrefused", 800+n, n, 99+n))
		lines = append(lines, fmt.Sprintf(`shopd[%d]: {"level":"info","msg":"tick","ts":%d.5,"took":"%dms"}`, 800+n, 1764572400+n, n))
	}
	lines = append(lines, "shopd[9]: 07:00:20.000 [info] 3 carts", "shopd[9]: 07:00:21.000 [info] 4 carts")
	var all []Line
	for _, line := range lines {
		all = append(all, Line{Text: line})
	}
	got := Read(all).Shown(get("/health"), 9)
	want := []string{lines[0] + " (14 times)", "and from the beginning:", lines[1] + " (14 times)", lines[28], lines[29]}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}
