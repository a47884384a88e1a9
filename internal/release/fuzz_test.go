package release

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzHistory(f *testing.F) {
	f.Add(`{"key":"k1","at":"2024-01-01T00:00:00Z","verb":"deploy","to":"20240101T000000","outcome":"live"}
{"key":"k2","at":"2024-01-02T00:00:00Z","verb":"deploy","from":"20240101T000000","to":"20240102T000000","to_env":"20240102T000000.000000002","revision":"abc","outcome":"live"}
{"key":"k3","at":"2024-01-03T00:00:00Z","verb":"rollback","from":"20240102T000000","from_env":"20240102T000000.000000002","to":"20240101T000000","outcome":"live"}`)
	f.Add(`{"verb":"deploy","to":"../x","outcome":"live"}`)
	f.Add(`{"verb":"rollback","to":"20240101T000000","to_env":"../20240102T000000.000000002","outcome":"live"}`)
	f.Add("{\"verb\":\"deploy\",\"to\":\"20240101T000000\",\"who\":\"\u0000\",\"outcome\":\"live\"}\nnull\n[]\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		h := ParseHistory(strings.Split(text, "\n"))
		for _, c := range h {
			wantSafe(t, c.Source())
			wantSafe(t, c.Target())
			if _, err := ParseID(string(c.To)); err != nil {
				t.Errorf("goes to %q", c.To)
			}
		}
		stack := h.Stack()
		if len(stack) > len(h) {
			t.Errorf("%d steps of %d changes", len(stack), len(h))
		}
		var ids []ID
		for _, c := range h {
			ids = append(ids, c.To)
			if chosen, ok := h.Choose(c.To); chosen.ID != c.To || !ok && chosen.Env != "" {
				t.Errorf("%s means %v", c.To, chosen)
			}
			if back := h.Return(c.Target()); back.ID != c.To {
				t.Errorf("%v is %v here", c.Target(), back)
			}
			if verdict := h.Judge(c.To, c.Revision, h[0], Unknown); strings.ContainsAny(verdict.Reason, "\n\r\x1b") {
				t.Errorf("%q", verdict.Reason)
			}
			for _, a := range h.Before(c.Target()) {
				if a.ID == c.To || !slices.Contains(stack, a) {
					t.Errorf("%v is before %v in %v", a, c.Target(), stack)
				}
			}
		}
		if n := len(stack); n > 0 {
			if _, bad := h.Bad(stack[n-1].ID, ""); bad {
				t.Errorf("%v should run, and is bad", stack[n-1])
			}
		}
		removed := Prune(ids, h, 0)
		if n := len(stack); n > 1 && slices.Contains(removed, stack[n-2].ID) {
			t.Errorf("removes %v, and the next rollback goes to %v", removed, stack[n-2])
		}
	})
}

func wantSafe(t *testing.T, a Activation) {
	t.Helper()
	if _, err := ParseID(string(a.ID)); err != nil && a.ID != "" {
		t.Errorf("ID %q", a.ID)
	}
	if a.Env != "" && !ValidKey(a.Env) {
		t.Errorf("environment %q", a.Env)
	}
	if link := (Layout{"/opt/a/b"}).Link(a); strings.Contains(link, "..") || strings.HasPrefix(link, "/") {
		t.Errorf("%v links to %q", a, link)
	}
}

// FuzzManifest makes a manifest from an arbitrary listing. If the manifest is
// valid, it must have every property on which unpacking relies.
func FuzzManifest(f *testing.F) {
	f.Add("d\tbin\nf\t755\t3\tbin/x\nl\tbin/x\tcur", "1.0")
	f.Add("l\tb\ta\nl\t..\tb", "1.0\n")
	f.Add("l\t../../z\tp/q/up\nl\tp/q/up/../../x\tout", "\u2028")
	f.Add("d\td\nl\t../f\td/e\nl\td/e/../..\tx\nl\td\ta\nl\t./d\tc", "")
	f.Add("l\ta/b\tx\nl\t./../y\ta/b\nl\t../../x\ta/c/d\nf\t644\t1\ta/..b", "\xff")
	f.Fuzz(func(t *testing.T, listing, text string) {
		var files []File
		for line := range strings.SplitSeq(listing, "\n") {
			if entry, err := parseEntry(line); err == nil {
				entry.SHA256 = map[bool]string{true: sum}[entry.Kind == Regular]
				files = append(files, entry)
			}
		}
		m := manifest(files...)
		m.BuiltAt, m.Version, m.Ref = time.Time{}, text, text
		if m.Validate() != nil {
			return
		}
		wantInside(t, files)
		if d, err := m.Whole(); err != nil || len(d.Dirs)+len(d.Files)+len(d.Links) != len(m.Files) {
			t.Errorf("%d entries, and a whole parcel has %d directories, %d files and %d links: %v", len(m.Files), len(d.Dirs), len(d.Files), len(d.Links), err)
		}
		data, err := m.JSON()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseManifest(data)
		if err != nil || !reflect.DeepEqual(withoutText(got), m) {
			t.Errorf("%v\n got %+v\nwant %+v", err, got, m)
		}
		if again, err := withoutText(got).JSON(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v\n got %s\nwant %s", err, again, data)
		}
	})
}

// wantInside resolves every path of a tree as a kernel does, and fails if any
// step leaves the tree.
func wantInside(t *testing.T, files []File) {
	t.Helper()
	links := map[string]string{}
	for _, f := range files {
		if f.Kind == Link {
			links[f.Path] = f.Target
		}
	}
	for _, f := range files {
		if !staysInside(links, f.Path) {
			t.Errorf("%q leaves the tree of %+v", f.Path, files)
		}
	}
}

func staysInside(links map[string]string, path string) bool {
	var at []string // the directories down to where the walk is
	rest := strings.Split(path, "/")
	for followed := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return false
			}
			at = at[:len(at)-1]
			continue
		}
		target, isLink := links[strings.Join(append(slices.Clone(at), name), "/")]
		if !isLink {
			at = append(at, name)
			continue
		}
		if followed++; strings.HasPrefix(target, "/") {
			return false
		} else if followed > 40 {
			return true // a kernel gives up here
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return true
}

func TestTheSimulatedTreeKnowsWhatLeaves(t *testing.T) {
	links := map[string]string{"a": "b", "b": "..", "d/e": "../f", "x": "d/e/../..", "abs": "/etc", "in": "d/e", "loop": "loop", "d/up": ".."}
	for path, inside := range map[string]bool{
		"a": false, "b": false, "x": false, "abs": false, "../y": false, "a/x": false, "d/up/..": false,
		"in": true, "d/e": true, "loop": true, "d/up/d": true, "y/..": true, "": true,
	} {
		if staysInside(links, path) != inside {
			t.Errorf("%q stays inside: %v", path, !inside)
		}
	}
}
