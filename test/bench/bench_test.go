package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
	"github.com/apxr/slipway/test/light"
)

func TestMain(m *testing.M) { labtest.Main(m, options(1, nil)) }

// server answers as the sample application does.
const server = `import http.server, json, pathlib
version = pathlib.Path(__file__).with_name("VERSION").read_text()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": version}, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", 4001), Handler).serve_forever()
`

// lightReleases need no build.
func lightReleases(t *testing.T) releases {
	t.Helper()
	r := releases{Home: t.TempDir()}
	for i, b := range []*build{&r.A, &r.B} {
		b.ID, b.Version = light.At(i+1), []string{"0.1.0", "0.1.1"}[i]
		err := light.Put(r.Home, light.Release{App: app, ID: b.ID, Version: b.Version, Files: map[string]string{"lib/app.py": server, "lib/VERSION": b.Version}})
		if err != nil {
			t.Fatal(err)
		}
		b.Tree, b.Tarball = treeOf(r.Home, string(b.ID)), filepath.Join(r.Home, string(b.ID)+".tar.gz")
		if err := pack(t.Context(), r.Home, string(b.ID)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// The benchmark's own parts work: the floor, a peer and Slipway are measured,
// watched and not.
func TestBenchmarkOfLightReleases(t *testing.T) {
	l := labtest.Lab(t)
	r := lightReleases(t)
	log := logger(t.Logf)
	if err := lab.InstallTools(t.Context(), log, "rsync", "strace"); err != nil {
		t.Fatal(err)
	}
	if err := prepare(t.Context(), l, r); err != nil {
		t.Fatal(err)
	}
	b := &bench{lab: l, log: log}
	b.Releases = r
	c := near
	c.rounds, c.verbs, c.tools = 1, []verb{first, redeploy}, []string{floorName, rsyncName, slipwayName}
	if err := b.condition(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if n := len(b.Rows); n != 1+2+2 {
		t.Fatalf("%d rows: %+v", n, b.Rows)
	}
	for _, row := range b.Rows {
		check(t, row)
	}
	// ln, mv, sudo and systemctl, in one session.
	floor := b.row(c.String(), floorName, redeploy)
	if got, want := floor.Watched[0].programs, (programs{Started: 4, Forks: 3, Shells: 1, Login: 1}); got != want {
		t.Errorf("the floor started %+v, want %+v", got, want)
	}
}

func check(t *testing.T, r row) {
	t.Helper()
	if len(r.Runs) != 1 || len(r.Watched) != 1 {
		t.Fatalf("%s, %s: %d runs, watched %v", r.Tool, r.Verb, len(r.Runs), r.Watched)
	}
	m := r.Runs[0]
	if m.Wall <= 0 || m.In <= 0 || m.Out <= 0 || m.Turns < 5 || m.Client <= 0 || m.Hosts <= 0 || m.Wall < m.Restart {
		t.Errorf("%s, %s: %+v", r.Tool, r.Verb, m)
	}
	if w := r.Watched[0]; w.Started < 3 || w.Shells < 1 || w.Memory <= 0 {
		t.Errorf("%s, %s: %+v", r.Tool, r.Verb, r.Watched)
	}
	if (r.Verb == redeploy) != (m.Restart > 0) {
		t.Errorf("%s, %s: the unit was being restarted for %s", r.Tool, r.Verb, m.Restart)
	}
}

// A tool that fails is an error with what it said.
func TestAFailedRunDoesNotCount(t *testing.T) {
	s, err := newSite(labtest.Lab(t), releases{}, 1, shape{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.link.close()
	failing := tool{Name: "failing", run: func(*site, verb) (*exec.Cmd, error) {
		return exec.Command("sh", "-c", "echo 'no such luck'; exit 3"), nil
	}}
	_, err = s.measure(t.Context(), failing, redeploy, false)
	if want := "failing, redeploy: exit status 3:\nno such luck\n"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
