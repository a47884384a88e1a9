package release

import (
	"path"
	"slices"
	"strings"
)

// Delta says how a host makes a release out of its base, a release that it has: it
// copies the base, moves files, adds what the base lacks, and removes the rest.
// Without a base, it adds everything.
type Delta struct {
	From   ID     // the base; empty: none
	Text   []byte // the patch that makes the manifest out of the base's; without a base, the manifest
	Dirs   []string
	Moves  []Move
	Files  []File   // whose contents the host needs
	Like   []File   // files of the base that those are most likely new versions of
	Links  []File   // all of the release: none of the base is used
	Remove []string // afterwards; what is below a path goes with it
}

// Move gives a file of the base another path.
type Move struct{ From, To string }

// Whole returns the delta of a release without a base.
func (m Manifest) Whole() (Delta, error) {
	text, err := m.Text()
	d := Delta{Text: text}
	for _, f := range m.ordered() {
		switch f.Kind {
		case Dir:
			d.Dirs = append(d.Dirs, f.Path)
		case Link:
			d.Links = append(d.Links, f)
		case Regular:
			d.Files = append(d.Files, f)
		}
	}
	return d, err
}

// Since returns the delta of a release from a base. It reports whether the base can
// be used: no path may have changed its kind, which would be in the way of what comes.
func (m Manifest) Since(base Manifest) (d Delta, usable bool, err error) {
	d, err = m.Whole()
	if err != nil || base.ReleaseID == "" || base.ReleaseID == m.ReleaseID {
		return Delta{}, false, err
	}
	from, err := base.Text()
	if err != nil {
		return Delta{}, false, err
	}
	before, after := base.byPath(), m.byPath()
	for p, f := range after {
		if old, there := before[p]; there && old.Kind != f.Kind {
			return Delta{}, false, nil
		}
	}
	patch, ok := patchOf(from, d.Text)
	if !ok {
		return Delta{}, false, nil
	}
	d.From, d.Text = base.ReleaseID, patch
	d.Dirs = slices.DeleteFunc(d.Dirs, func(p string) bool { _, there := before[p]; return there })
	d.moveOrSend(before, after)
	d.Like = resembling(d.Files, before, after)
	d.Remove = removed(base.ordered(), m)
	return d, true, nil
}

// moveOrSend splits the files that the base lacks into those that only have another
// path there, and those whose contents must be sent.
//
// A path that the base has too gets its new contents sent, wherever else the base has
// them: a moved file keeps its time, and web servers take a file of the same size and
// time for the same file.
func (d *Delta) moveOrSend(before, after map[string]File) {
	spare := map[content][]string{} // paths by content, last one first
	for _, p := range slices.Backward(inOrder(before)) {
		if f := before[p]; f.Kind == Regular && after[p].asContent() != f.asContent() {
			spare[f.asContent()] = append(spare[f.asContent()], p)
		}
	}
	var send []File
	for _, f := range d.Files {
		content := f.asContent()
		old, there := before[f.Path]
		paths := spare[content]
		switch {
		case there && old.asContent() == content:
		case !there && len(paths) > 0:
			last := len(paths) - 1
			d.Moves = append(d.Moves, Move{paths[last], f.Path})
			spare[content] = paths[:last]
		default:
			send = append(send, f)
		}
	}
	d.Files = send
}

// asContent returns what decides whether one file can take the place of another on a
// host.
func (f File) asContent() content { return content{f.Mode &^ HostUmask, f.Size, f.SHA256} }

type content struct {
	mode   uint32
	size   int64
	sha256 string
}

// removed returns the topmost paths of the base that a release does not have.
func removed(base []File, next Manifest) []string {
	keep := map[string]bool{}
	for _, f := range next.Files {
		for p := f.Path; p != "." && !keep[p]; p = path.Dir(p) {
			keep[p] = true
		}
	}
	var gone []string
	for _, f := range base {
		n := len(gone)
		below := n > 0 && strings.HasPrefix(f.Path, gone[n-1]+"/")
		if !keep[f.Path] && !below && f.Kind != Link {
			gone = append(gone, f.Path)
		}
	}
	return gone
}

func (m Manifest) byPath() map[string]File {
	all := make(map[string]File, len(m.Files))
	for _, f := range m.Files {
		all[f.Path] = f
	}
	return all
}

// ordered returns the entries in the order in which "tar --sort=name" packs them: what
// is in a directory follows it.
func (m Manifest) ordered() []File {
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b File) int { return comparePaths(a.Path, b.Path) })
	return files
}

func inOrder(files map[string]File) []string {
	paths := make([]string, 0, len(files))
	for p := range files {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, comparePaths)
	return paths
}

func comparePaths(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return rank(a, n) - rank(b, n)
}

// rank orders the end of a path before a slash, and a slash before all else.
func rank(p string, at int) int {
	switch {
	case at == len(p):
		return -1
	case p[at] == '/':
		return 0
	}
	return int(p[at])
}
