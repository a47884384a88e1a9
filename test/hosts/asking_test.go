package hosts

import (
	"testing"

	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// A restart ends no session, and unlike after a reload sshd listens at its end.
const (
	forbidForwarding = "echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh"
	allowForwarding  = "rm -f /etc/ssh/sshd_config.d/00-test.conf; systemctl restart ssh"
)

// Ports that nothing listens on take a release back, even if the one before did
// not listen there either. Where sshd forwards nothing, the host asks its own
// health URL.
func TestPortsAndHealthAreAskedOnTheHost(t *testing.T) {
	w := newWorld(t)
	w.root(forbidForwarding)
	w.cleanup(allowForwarding)
	good := w.Deploy(1, "--ports", "4001", "--health-body", `"status": "ok"`)
	w.runs(good)
	w.Red(1, w.Slipway(world.DeployOf(w.Artifact(2, light.Way{}), "SLIPWAY_HEALTH_URL=", "--ports", "4001 4009", failsSoon)...),
		"nothing listens on port 4009", "what runs now does not meet the checks", "put back")
	w.runs(good)
	w.Red(1, w.Slipway(world.DeployOf(w.Artifact(3, light.Way{Status: 500}), failsSoon)...), "answers 500", "put back")
	w.runs(good)
}
