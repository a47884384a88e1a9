package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Inventory is an inventory as ansible-inventory reads it.
type Inventory struct {
	groups map[string]group
	vars   map[string]map[string]any
	// LeftOut lists the encrypted files that were not read.
	LeftOut []string
}

// Source is an inventory, and how much of it is read.
type Source struct {
	Path  string
	Vault []byte // password of Ansible Vault, if any
	// Plain leaves out encrypted files of variables if there is no password.
	Plain bool
}

type group struct {
	Hosts    []string
	Children []string
}

// Host is a host of an inventory.
type Host struct {
	Name string
	Vars map[string]any // with unresolved templates
}

// listTimeout bounds a dynamic inventory whose source does not answer.
const listTimeout = 2 * time.Minute

// List reads an inventory.
func (p *Programs) List(ctx context.Context, from Source) (Inventory, error) {
	if _, err := os.Stat(from.Path); err != nil {
		return Inventory{}, fmt.Errorf("%.200q cannot be read: %w. The path starts at the directory that Slipway runs in; a workflow has to check the repository out first", from.Path, cause(err))
	}
	if from.Plain && len(from.Vault) == 0 {
		if i, used := p.listPlain(ctx, from); used {
			return i, nil
		}
	}
	text, err := p.list(ctx, from, nil)
	if err != nil {
		return Inventory{}, err
	}
	return parse(text)
}

// list returns what ansible-inventory prints.
func (p *Programs) list(ctx context.Context, from Source, env []string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, listTimeout, fmt.Errorf("no answer within %s", listTimeout))
	defer cancel()
	var stdout, stderr bytes.Buffer
	call := Call{Args: []string{"--list", "--inventory=" + from.Path}, Env: env, Vault: from.Vault, Stdout: &stdout, Stderr: &stderr}
	err := p.run(ctx, p.inventory, call)
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		return nil, fmt.Errorf("ansible-inventory cannot read %.200q: %s", from.Path, complaint(stderr.String()))
	}
	if err != nil {
		return nil, fmt.Errorf("ansible-inventory: %w", err)
	}
	return stdout.Bytes(), nil
}

func cause(err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// complaint returns ansible-inventory's error as one line, or the remedy if that
// is known.
func complaint(stderr string) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(stderr, "[WARNING]:", "")), " ")
	if at := strings.Index(text, "ERROR"); at >= 0 {
		text = strings.TrimLeft(strings.TrimPrefix(text[at:], "ERROR"), "!: ")
	}
	switch {
	case strings.Contains(text, "no vault secrets found"):
		return "parts of it are encrypted: give vault-password"
	case strings.Contains(text, "Decryption failed"):
		return "vault-password is not the password that it was encrypted with"
	case text == "":
		return "it gives no reason"
	}
	return fmt.Sprintf("%.500s", text)
}

func parse(text []byte) (Inventory, error) {
	var all map[string]json.RawMessage
	var meta struct {
		HostVars map[string]map[string]any `json:"hostvars"`
	}
	err := json.Unmarshal(text, &all)
	if err == nil && all["_meta"] != nil {
		err = json.Unmarshal(all["_meta"], &meta)
	}
	i := Inventory{groups: map[string]group{}, vars: meta.HostVars}
	for name, raw := range all {
		var g group
		if name == "_meta" {
			continue
		}
		err = errors.Join(err, json.Unmarshal(raw, &g))
		i.groups[name] = g
	}
	if err != nil {
		return i, errors.New("the output of ansible-inventory is not the expected JSON") // do not quote it: it has secrets
	}
	return i, nil
}

// Groups returns the names of the groups that have hosts, without Ansible's own
// groups.
func (i Inventory) Groups() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.groups)), func(name string) bool {
		return name == "all" || name == "ungrouped" || len(i.Hosts(name)) == 0
	})
}

// Hosts returns the hosts of a group and its child groups, in the inventory's
// order.
func (i Inventory) Hosts(name string) []Host {
	var hosts []Host
	seen := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		if seen["group "+name] {
			return
		}
		seen["group "+name] = true
		for _, host := range i.groups[name].Hosts {
			if !seen["host "+host] {
				hosts = append(hosts, Host{host, i.vars[host]})
			}
			seen["host "+host] = true
		}
		for _, child := range i.groups[name].Children {
			add(child)
		}
	}
	add(name)
	return hosts
}

// Text returns a variable as a string, or "" if it is not set.
func (h Host) Text(name string) string {
	switch v := h.Vars[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprint(v)
	}
}

// Encrypted reports whether a variable was left encrypted.
func (h Host) Encrypted(name string) bool {
	value, _ := h.Vars[name].(map[string]any)
	return value["__ansible_vault"] != nil
}

// Texts returns all strings in a variable, at any depth.
func (h Host) Texts(name string) []string { return texts(h.Vars[name]) }

func texts(value any) []string {
	var all []string
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, part := range v {
			all = append(all, texts(part)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, texts(v[name])...)
		}
	}
	return all
}
