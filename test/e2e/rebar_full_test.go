//go:build full

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/sample"
)

// A release of rebar3 is deployed, proved and taken back like any other. Its unit starts it
// by foreground, and it finds what it may write in the unit's directory.
func TestAReleaseOfRebar3IsDeployedAndTakenBack(t *testing.T) {
	w := newSite(t)
	for _, h := range w.lab.WebHosts() {
		w.root(h, `mkdir -p /etc/systemd/system/apxr_io.service.d && cat >/etc/systemd/system/apxr_io.service.d/rebar.conf <<'END'
[Service]
ExecStart=
ExecStart=/opt/apxr/apxr_io/launch bin/apxr_io foreground
Environment=RELX_OUT_FILE_PATH=/run/apxr_io
END
systemctl daemon-reload`)
		t.Cleanup(func() {
			if _, err := h.Run(context.Background(), nil, "sh", "-c", "rm -rf /etc/systemd/system/apxr_io.service.d; systemctl daemon-reload"); err != nil {
				t.Error(err)
			}
		})
	}
	files := sample.Rebar("apxr_io", "", "")
	files["config/vm.args.src"] = "-name apxr_io@127.0.0.1\n-setcookie rebar\n-noinput\n-env WHERE ${WORD}\n"
	files["rebar.config"] = strings.Replace(files["rebar.config"], `{vm_args, "config/vm.args"}`, `{vm_args_src, "config/vm.args.src"}`, 1)
	p, err := sample.PublishTree(t.Context(), w.lab, t.TempDir(), "apxr_io", files)
	w.Must(err)
	environment := filepath.Join(t.TempDir(), "environment")
	w.Must(os.WriteFile(environment, []byte("WORD=written\n"), 0o600))
	w.Settings = append(w.Settings, "SLIPWAY_HEALTH_URL=", "SLIPWAY_PORTS=", "SLIPWAY_REPOSITORY="+p.URL, "SLIPWAY_ENV_FILE="+environment)
	first := strings.TrimSpace(w.OK("build-release", "--revision", "main").Stdout)
	w.OK("deploy", "--release-id", first)

	w.Must(p.Replace("rebar.config", `"0.1.0"`, `"0.2.0"`))
	_, err = p.Push(t.Context(), "0.2.0")
	w.Must(err)
	second := strings.TrimSpace(w.OK("build-release", "--revision", "main").Stdout)
	w.OK("deploy", "--release-id", second)
	for _, h := range w.lab.WebHosts() {
		if said := w.root(h, "tr '\\0' ' ' </proc/$(systemctl show --property=MainPID --value apxr_io)/cmdline; cat /run/apxr_io/vm.args"); !strings.Contains(said, "releases/0.2.0") || !strings.Contains(said, "WHERE written") {
			t.Errorf("it runs as %s", said)
		}
	}

	// One that ends at its start is taken back.
	w.Must(p.Replace("src/apxr_io_app.erl", "supervisor:start_link(", "error(it_ends) + supervisor:start_link("))
	_, err = p.Push(t.Context(), "bad")
	w.Must(err)
	bad := strings.TrimSpace(w.OK("build-release", "--revision", "main").Stdout)
	w.Red(1, w.Slipway("deploy", "--release-id", bad, "--settle", "5s"), "it_ends") // without a health check, only time tells
	w.OK("rollback")
	for _, h := range w.lab.WebHosts() {
		if at := w.root(h, "readlink -f "+base+"/current"); !strings.HasSuffix(at, first) {
			t.Errorf("current is %s", at)
		}
	}
}
