package lab_test

import (
	"os"
	"strings"
	"testing"

	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/lab/labtest"
)

// TestMain also runs in the child processes that clean_test.go starts: they want a small lab.
func TestMain(m *testing.M) {
	var opts lab.Options
	if os.Getenv(childVariable) != "" {
		opts.Hosts = []string{"web1"}
	}
	labtest.Main(m, opts)
}

// sh runs a shell script on a host and fails the test if the script fails.
func sh(t *testing.T, h *lab.Host, user, script string) string {
	t.Helper()
	out, err := h.RunAs(t.Context(), user, nil, "sh", "-euc", script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// refused says whether a script fails, as it should.
func refused(t *testing.T, h *lab.Host, user, script string) {
	t.Helper()
	if out, err := h.RunAs(t.Context(), user, nil, "sh", "-euc", script); err == nil {
		t.Errorf("%s@%s could run %q: %s", user, h.Name, script, out)
	}
}
