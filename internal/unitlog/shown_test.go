package unitlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// logged returns a log in which each line comes a second after the one before. A line
// that begins with "+" comes at once.
func logged(text string) (lines []Line) {
	at := 0
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line, joins := strings.CutPrefix(strings.TrimRight(line, "\n"), "+")
		if !joins {
			at++
		}
		lines = append(lines, Line{At: 1700000000 + float64(at), Text: line})
	}
	return lines
}

func get(path string) Request { return Request{"GET", path, "slipway"} }

// phoenix is the log of an application that logs each request and cannot reach its
// database.
func phoenix() string {
	const start = `
shopd[90]: 12:00:00.000 [error] Postgrex.Protocol (#PID<0.9.0>) disconnected: ** (DBConnection.ConnectionError) owner exited
systemd[1]: Stopping shopd.service - Shop...
shopd[90]: 12:00:00.100 [notice] SIGTERM received - shutting down
systemd[1]: shopd.service: Deactivated successfully.
systemd[1]: Stopped shopd.service - Shop.
systemd[1]: Started shopd.service - Shop.
shopd[91]: 12:00:01.000 [info] Running ShopdWeb.Endpoint with Bandit 1.5.7 at 127.0.0.1:4001 (http)
`
	var b strings.Builder
	b.WriteString(start)
	for i := range 14 {
		fmt.Fprintf(&b, `shopd[91]: 12:00:%02d.000 request_id=F%dabc [info] GET /up
+shopd[91]:
+shopd[91]: 12:00:%02d.001 [error] Postgrex.Protocol (#PID<0.%d.0>) failed to connect: ** (DBConnection.ConnectionError) tcp connect (db:5432): connection refused - :econnrefused
shopd[91]: 12:00:%02d.002 request_id=F%dabc [info] Sent 500 in %dms
`, i+2, i, i+2, 300+i, i+2, i, i)
	}
	return b.String()
}

func TestWhatIsShownOfAUnitLog(t *testing.T) {
	t.Parallel()
	const refused = "tcp connect (db:5432): connection refused - :econnrefused"
	for name, c := range map[string]struct {
		log   string
		own   Request
		want  []string
		cause string
	}{
		"requests, with IDs": {phoenix(), get("/up"), []string{
			"shopd[91]: 12:00:02.001 [error] Postgrex.Protocol (#PID<0.300.0>) failed to connect: ** (DBConnection.ConnectionError) " + refused + " (14 times)",
			"and from the beginning:",
			"systemd[1]: Started shopd.service - Shop.",
			"shopd[91]: 12:00:01.000 [info] Running ShopdWeb.Endpoint with Bandit 1.5.7 at 127.0.0.1:4001 (http)",
			"shopd[91]: 12:00:02.000 request_id=F0abc [info] GET /up (14 times)",
			"shopd[91]: 12:00:02.002 request_id=F0abc [info] Sent 500 in 0ms (14 times)",
		}, "ConnectionError: " + refused},
		"requests, without IDs": {`
a[7]: [info] GET /health
+a[7]: [info] Sent 200 in 1ms
a[7]: [info] GET /healthy/people
+a[7]: [info] Sent 200 in 2ms
a[7]: [info] GET /health
a[7]: [info] Sent 200 in 180µs
`, get("/health"), []string{
			"a[7]: [info] GET /healthy/people", "a[7]: [info] Sent 200 in 2ms", "(without 4 messages about Slipway's own requests of /health)",
		}, ""},
		"a crash while it answers": {`
a[7]: [error] the cache is cold
a[7]: 12:00:02.001 request_id=F1 [error] #PID<0.5.0> running ShopWeb.Endpoint (connection #PID<0.4.0>, stream id 1) terminated
+a[7]: Server: 127.0.0.1:4001 (http)
+a[7]: Request: GET /health
+a[7]: ** (exit) an exception was raised:
+a[7]:     ** (KeyError) key :url not found in: []
+a[7]:         (shop 0.1.0) lib/shop/health.ex:7: Shop.Health.check/0
`, get("/health"), []string{
			"a[7]: [error] the cache is cold",
			"a[7]: 12:00:02.001 request_id=F1 [error] #PID<0.5.0> running ShopWeb.Endpoint (connection #PID<0.4.0>, stream id 1) terminated",
			"a[7]: Server: 127.0.0.1:4001 (http)", "a[7]: Request: GET /health", "a[7]: ** (exit) an exception was raised:",
			"a[7]:     ** (KeyError) key :url not found in: []", "a[7]:         (shop 0.1.0) lib/shop/health.ex:7: Shop.Health.check/0",
		}, "KeyError: key :url not found in: []"},
		"a boot that fails again and again": {strings.Repeat(`
systemd[1]: Started a.service.
a[7]: ERROR! Config provider Config.Reader failed with:
+a[7]: ** (RuntimeError) environment variable SECRET is missing
+a[7]:     /srv/releases/1/runtime.exs:3: (file)
systemd[1]: a.service: Main process exited, code=exited, status=1/FAILURE
systemd[1]: a.service: Scheduled restart job, restart counter is at 1.
systemd[1]: Stopped a.service.
`, 4), Request{}, []string{
			"a[7]: ERROR! Config provider Config.Reader failed with: (4 times)",
			"a[7]: ** (RuntimeError) environment variable SECRET is missing", "a[7]:     /srv/releases/1/runtime.exs:3: (file)",
			"systemd[1]: a.service: Main process exited, code=exited, status=1/FAILURE (4 times)",
			"and from the beginning:",
			"systemd[1]: Started a.service. (4 times)", "systemd[1]: a.service: Scheduled restart job, restart counter is at 1. (4 times)", "systemd[1]: Stopped a.service. (4 times)",
		}, "RuntimeError: environment variable SECRET is missing"},
		"an application that ends": {strings.ReplaceAll(`
a[7]: 07:21:52.473 [notice] Application shop exited: shutdown
a[7]: Kernel pid terminated (application_controller) ({application_terminated,shop,shutdown})
+a[7]: ^M
+a[7]: Crash dump is being written to: erl_crash.dump...done`, "^M", "\r"), Request{}, []string{
			"a[7]: 07:21:52.473 [notice] Application shop exited: shutdown",
			"a[7]: Kernel pid terminated (application_controller) ({application_terminated,shop,shutdown})",
			"and from the beginning:", "a[7]: Crash dump is being written to: erl_crash.dump...done",
		}, "Application shop exited: shutdown"},
		"JSON": {`
api[1]: {"time":"2026-01-01T00:00:00Z","level":"info","msg":"request","method":"GET","path":"/ready","user_agent":"slipway"}
api[1]: {"time":"2026-01-01T00:00:01Z","severity":"ERROR","message":"no license","code":7}
api[1]: {"time":"2026-01-01T00:00:02Z","level":"info","msg":"request","method":"GET","path":"/orders"}
`, get("/ready"), []string{
			`api[1]: {"time":"2026-01-01T00:00:01Z","severity":"ERROR","message":"no license","code":7}`, "and from the beginning:",
			`api[1]: {"time":"2026-01-01T00:00:02Z","level":"info","msg":"request","method":"GET","path":"/orders"}`,
			"(without 1 message about Slipway's own requests of /ready)",
		}, "no license"},
		"an access log, at the root": {`
a[7]: 127.0.0.1 - - "GET / HTTP/1.1" 200 12 "-" "slipway"
a[7]: 127.0.0.1 - - "GET /x HTTP/1.1" 503 12 "-" "curl"
`, get("/"), []string{`a[7]: 127.0.0.1 - - "GET /x HTTP/1.1" 503 12 "-" "curl"`, "(without 1 message about Slipway's own requests of /)"}, ""},
		"plain lines of a program that logs in a way of its own": {"light: 1 starts\nlight: 1 listens on 4001", get("/health"), []string{"light: 1 starts", "light: 1 listens on 4001"}, ""},
		"an Erlang report":    {"a[7]: =CRASH REPORT==== 1-Jan-2026::00:00:00 ===\n+a[7]:   crasher: <0.1.0>\na[7]: =PROGRESS REPORT====", Request{}, []string{"a[7]: =CRASH REPORT==== 1-Jan-2026::00:00:00 ===", "a[7]:   crasher: <0.1.0>", "and from the beginning:", "a[7]: =PROGRESS REPORT===="}, "crasher: <0.1.0>"},
		"nothing":             {"", Request{}, nil, ""},
		"a level that is low": {"a[7]: [info] the last run ended with error: none", Request{}, []string{"a[7]: [info] the last run ended with error: none"}, ""},
	} {
		log := Read(logged(c.log))
		if got := log.Shown(c.own, 20); !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		if got := log.Cause(c.own); got != c.cause {
			t.Errorf("%s: the cause is %q, want %q", name, got, c.cause)
		}
	}
}

func TestALongUnitLogIsShownFromItsBeginning(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "a[7]: %s\n", strings.Repeat("x", i+1))
	}
	b.WriteString("a[7]: [warning] it is late\n")
	for i := range 30 {
		fmt.Fprintf(&b, "a[7]: [error] %s\n", strings.Repeat("y", i+1))
	}
	got := Read(logged(b.String())).Shown(Request{}, 20)
	if len(got) != 20+1 || got[0] != "a[7]: [error] y" || got[troubleLines] != "and from the beginning:" || got[troubleLines+1] != "a[7]: x" || got[20] != "[...] and 62 messages more" {
		t.Errorf("%q", got)
	}
}
