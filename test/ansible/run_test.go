package ansible

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apxr/slipway/ansible"
)

// top is the repository.
const top = "../.."

// need skips a test on a laptop without the program; with CI=true the test fails.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	} else if os.Getenv("CI") == "true" {
		t.Fatalf("this test must run in CI: %v", err)
	} else {
		t.Skip(err)
	}
}

// unpack is a directory that has the collection as the program carries it.
func unpack(t *testing.T) (collections, collection string) {
	t.Helper()
	collections = t.TempDir()
	collection = filepath.Join(collections, "ansible_collections", "apxr", "slipway")
	if err := os.CopyFS(collection, ansible.Collection); err != nil {
		t.Fatal(err)
	}
	return collections, collection
}

// run runs one of Ansible's programs with the collection; nothing of the machine's own configuration or environment is in the way.
func run(t *testing.T, collections, dir string, args ...string) (string, error) {
	t.Helper()
	return runWith(t, nil, collections, dir, args...)
}

// runWith is run with further variables of the environment.
func runWith(t *testing.T, env []string, collections, dir string, args ...string) (string, error) {
	t.Helper()
	need(t, args[0])
	home := t.TempDir()
	config := filepath.Join(home, "ansible.cfg")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+home, "LC_ALL=C.UTF-8", "NO_COLOR=1", "PYTHONDONTWRITEBYTECODE=1",
		"ANSIBLE_COLLECTIONS_PATH="+collections, "ANSIBLE_CONFIG="+config, "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS=ignore")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
