package simssh

import (
	"embed"
	"errors"
	"os"
	"path/filepath"
)

const (
	base  = "/opt/apxr/shop" // as in standin/systemctl
	units = "/opt/units"     // likewise
)

//go:embed standin
var standIns embed.FS

func writeStandIns(dir string) error {
	errs := []error{os.MkdirAll(dir, 0o755)}
	for _, name := range []string{"systemctl", "sudo", "journalctl"} {
		text, err := standIns.ReadFile("standin/" + name)
		errs = append(errs, err, os.WriteFile(filepath.Join(dir, name), text, 0o755))
	}
	return errors.Join(errs...)
}
