package ansible

import (
	"context"
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

// listPlain reads an inventory without encrypted files of variables. It reports
// whether that worked: a future Ansible may not take the plugin, and would then
// leave out all variables.
func (p *Programs) listPlain(ctx context.Context, from Source) (i Inventory, used bool) {
	env, err := p.plain()
	if err != nil {
		return i, false
	}
	text, err := p.list(ctx, from, env)
	if err != nil {
		return i, false
	}
	note, err := os.ReadFile(filepath.Join(p.dir, leftOutFile))
	if err != nil {
		return i, false
	}
	if i, err = parse(text); err != nil {
		return i, false
	}
	files := strings.FieldsFunc(string(note), func(r rune) bool { return r == '\n' })
	slices.Sort(files)
	i.LeftOut = slices.Compact(files) // one of several groups is noted several times
	return i, true
}

// plain writes the plugin, and returns the environment that makes Ansible use it
// in place of its own.
func (p *Programs) plain() ([]string, error) {
	dir := filepath.Join(p.dir, pluginDir)
	err := os.MkdirAll(dir, 0o700)
	return []string{
		"ANSIBLE_VARS_PLUGINS=" + dir, "ANSIBLE_VARS_ENABLED=" + pluginName, "SLIPWAY_LEFT_OUT=" + filepath.Join(p.dir, leftOutFile),
	}, errors.Join(err, os.WriteFile(filepath.Join(dir, pluginName+".py"), plainVars, 0o600))
}
