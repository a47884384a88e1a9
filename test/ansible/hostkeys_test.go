package ansible

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apxr/slipway/ansible"
)

// A build that is started by hand is held to the same keys of github.com as one by Slipway.
func TestGitHubHostKeysAreThoseOfBuilds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "internal", "build", "hostkeys.go"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.SplitN(string(text), "`", 3)[1]
	got, err := ansible.Collection.ReadFile("roles/build_server/files/github_known_hosts")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("the role has\n%s\nand builds have\n%s", got, want)
	}
}
