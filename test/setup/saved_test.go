package setup

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/apxr/slipway/ansible"
	"github.com/apxr/slipway/test/sample"
)

// whatMadeThem names the servers as the first setup leaves them: by the
// collection, by Ansible, by what runs it, and by what the team says of them.
func whatMadeThem() (string, error) {
	version, err := exec.Command("ansible-playbook", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask Ansible for its version: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s", version)
	if err := addFiles(sum, ansible.Collection, "."); err != nil {
		return "", err
	}
	for _, part := range []string{"internal/setup", "internal/ansible", "test/setup/app", "test/setup/team_test.go", "test/managers"} {
		if err := addFiles(sum, os.DirFS(sample.Root()), part); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// addFiles adds a file, or all below a directory but for tests, with their names.
func addFiles(to io.Writer, from fs.FS, part string) error {
	return fs.WalkDir(from, part, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name != part && strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(from, name)
		fmt.Fprintf(to, "%q %d\n%s", name, len(text), text)
		return err
	})
}
