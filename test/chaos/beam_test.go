package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/command"
	"github.com/apxr/slipway/test/lab"
	"github.com/apxr/slipway/test/sample"
)

// putBeam builds the sample application once and makes four artifacts of it. To
// the hosts they are different releases: a build would take longer than cases.
func putBeam(ctx context.Context, l *lab.Lab, home, dir string) error {
	beam.named(home)
	built, err := build(ctx, l, dir)
	if err != nil {
		return err
	}
	from := filepath.Join(l.Host("build").Root(), "home/deploy/slipway", beam.app.String(), "artifacts", built)
	for _, id := range beam.ids {
		to := filepath.Join(beam.artifacts(), id)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if err := rename(filepath.Join(to, "manifest.json"), id); err != nil {
			return err
		}
	}
	return beam.count()
}

func build(ctx context.Context, l *lab.Lab, dir string) (id string, err error) {
	project, err := sample.Publish(ctx, l, dir)
	if err != nil {
		return "", err
	}
	revision, err := project.Push(ctx, "chaos")
	if err != nil {
		return "", err
	}
	path, err := command.Program()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "build-release", "--revision", revision)
	cmd.Env = append(append(os.Environ(), "USER=chaos"), sample.Settings(l)...)
	r, err := command.Run(cmd)
	if err == nil && r.Code != 0 {
		err = errors.New(r.Stderr)
	}
	return strings.TrimSpace(r.Stdout), err
}

// rename makes a manifest that of another release, of another commit.
func rename(path, id string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(id))
	m.ReleaseID, m.Revision = release.ID(id), hex.EncodeToString(sum[:20])
	if data, err = m.JSON(); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
