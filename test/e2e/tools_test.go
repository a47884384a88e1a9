package e2e

import (
	"testing"

	"github.com/apxr/slipway/test/act"
)

func tool(t *testing.T, module string) string {
	t.Helper()
	program, err := act.Tool(module)
	if err != nil {
		t.Fatal(err)
	}
	return program
}
