package ansible

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// plainVars is a vars plugin. Ansible itself refuses an inventory with an
// encrypted file if it has no password, whatever is asked of the inventory.
//
//go:embed plugins/slipway_plain_vars.py
var plainVars []byte

const (
	pluginDir   = "plugins"
	pluginName  = "slipway_plain_vars"
	leftOutFile = "left-out"
)

// plain makes Ansible leave out encrypted files of variables. It returns the
// environment for that.
func (p *Programs) plain() ([]string, error) {
	dir := filepath.Join(p.dir, pluginDir)
	err := os.MkdirAll(dir, 0o700)
	return []string{
		"ANSIBLE_VARS_PLUGINS=" + dir, "ANSIBLE_VARS_ENABLED=" + pluginName, "SLIPWAY_LEFT_OUT=" + filepath.Join(p.dir, leftOutFile),
	}, errors.Join(err, os.WriteFile(filepath.Join(dir, pluginName+".py"), plainVars, 0o600))
}

// leftOut returns the files that were left out. Ansible may have come across one
// for several groups.
func (p *Programs) leftOut() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(p.dir, leftOutFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	files := strings.Split(strings.TrimSpace(string(text)), "\n")
	slices.Sort(files)
	return slices.Compact(files), err
}
