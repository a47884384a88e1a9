//go:build full

package builds

import (
	"testing"

	"github.com/apxr/slipway/test/sample"
)

func TestAServerThatForwardsNoAgentsIsNamed(t *testing.T) {
	s := newSite(t, "unforwarded")
	key, public := newKey(s.T)
	s.publish(sample.Plain(s.app))
	s.onlyDeployKeys(map[string]string{s.app: public})
	s.env["SLIPWAY_DEPLOY_KEYS"] = key
	s.reloadSSHD("echo 'AllowAgentForwarding no' >/etc/ssh/sshd_config.d/agents.conf")
	defer s.reloadSSHD("rm /etc/ssh/sshd_config.d/agents.conf")
	s.refused(1, []string{"AllowAgentForwarding yes", "git-token"})
}

// reloadSSHD changes sshd's settings.
func (s *site) reloadSSHD(change string) {
	s.Helper()
	s.root(change + " && systemctl restart ssh")
	s.waitFor("true")
}
