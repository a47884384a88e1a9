package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/act"
	"github.com/apxr/slipway/test/lab"
)

// This repository's own push must not fail for want of servers.
func TestOwnPushIsGreenWhereNoHostsAreConfigured(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	if _, err := lab.CommitDir(t.Context(), dir, dir, "push", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	cmd, err := act.Command(t.Context(), dir, t.TempDir(), "push", "--workflows", ".github/workflows/deploy.yml")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Run Main") {
		t.Errorf("%v: the push is not green, or something ran:\n%s", err, out)
	}
}
