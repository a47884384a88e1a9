package builds

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/sample"
)

// lateContext is for what cleans up after a test: the test's own has ended.
func lateContext() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// noCanary searches a log and the build host's disk for a secret, as it is and
// as it travels.
func (w *world) noCanary(log string, secrets ...string) {
	w.Helper()
	for _, secret := range secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte("x-access-token:" + secret)), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(log, form) {
				w.Errorf("the log shows a secret (%.6s...)", form)
			}
			// The pattern comes over stdin: it must not be in a process list itself.
			out, err := w.host.Run(w.Context(), strings.NewReader(form+"\n"), "sh", "-c", `cat >/run/pattern; cd /; LC_ALL=C grep -rlF -f /run/pattern home tmp var/tmp var/log root etc dev/shm || true; rm /run/pattern`)
			w.must(err)
			if out = strings.TrimSpace(out); out != "" {
				w.Errorf("a secret (%.6s...) is on the build host's disk: %s", form, out)
			}
		}
	}
}

// Secrets reach the build and nothing else: no disk, no process list, no log.
func TestSecretsLeaveNoTrace(t *testing.T) {
	onBoth(t, "canary", func(w *world) {
		const token, value = "ghs_CANARYtokenCANARY", "CANARYvalueCANARY$(id) \"'\\ end"
		const second = "line one CANARY\n  line two CANARY"
		key, public := newKey(w.T)
		files := sample.EnvReader(w.app)
		files["lib/canary.ex"] += `
if System.get_env("CANARY") != File.read!("priv/expected"), do: raise("CANARY is another")
if System.get_env("SECOND") != "line one" <> " CANARY\n  line two" <> " CANARY", do: raise("SECOND is another")
if System.get_env("SLIPWAY_GIT_TOKEN") || System.get_env("SSH_AUTH_SOCK"), do: raise("compilers get git's credentials")
IO.puts("the value is #{System.get_env("CANARY")} and #{System.get_env("SECOND")}")
`
		files["priv/expected"] = "placeholder"
		p := w.publish(files)
		// The repository must not hold what is searched for.
		w.must(p.Replace("lib/canary.ex", `File.read!("priv/expected")`, `"CANARY" <> "valueCANARY$(id) \"'\\ end"`))
		w.push(p, "no copy of the value")
		w.onlyDeployKeys(map[string]string{w.app: public})
		w.env["SLIPWAY_DEPLOY_KEYS"], w.env["SLIPWAY_GIT_TOKEN"] = key, token
		w.env["SLIPWAY_BUILD_ENV"] = "CANARY=" + value + "\nSECOND<<END\n" + second + "\nEND\n"
		w.env["SLIPWAY_BEFORE_RELEASE"] = `echo "before: $CANARY"; sleep 1`

		lines := strings.Split(strings.TrimSpace(key), "\n")
		secrets := append([]string{token, value, "line two CANARY"}, lines[1:len(lines)-1]...)
		seen, stop := w.watchProcesses(secrets)
		_, said := w.build()
		stop()
		if found := seen(); found != "" {
			w.Errorf("a secret was in the process list: %s", found)
		}
		if !strings.Contains(said, "the value is *** and ") || !strings.Contains(said, "before: ***") {
			w.Error("the variables did not reach the build, or were not hidden in the log")
		}
		w.noCanary(said, secrets...)
	})
}

// watchProcesses polls the argument lists of all processes of the build host.
func (w *world) watchProcesses(secrets []string) (seen func() string, stop func()) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan string)
	const poll = `cat >/run/watch; while [ -e /run/watch ]; do grep -lzF -f /run/watch /proc/[0-9]*/cmdline 2>/dev/null | while read -r f; do tr '\0' ' ' <"$f"; echo; done; done`
	go func() {
		out, _ := w.host.Run(ctx, strings.NewReader(strings.Join(secrets, "\n")+"\n"), "sh", "-c", poll)
		done <- out
	}()
	var out string
	return func() string { return strings.TrimSpace(out) }, func() {
		w.root("rm /run/watch")
		out = <-done
		cancel()
	}
}
