package script

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
)

// since returns the parcel that makes a release out of a base.
func since(t *testing.T, base, next release.Manifest, contents map[string]content) Parcel {
	t.Helper()
	d, usable, err := next.Since(base)
	must(t, err)
	if !usable {
		return whole(t, next, contents)
	}
	return packed(t, d, contents)
}

// known is the same for a host with zstd, from which it does not need what it has in the
// base.
func known(t *testing.T, base, next release.Manifest, old, contents map[string]content) Parcel {
	t.Helper()
	d, usable, err := next.Since(base)
	must(t, err)
	if !usable {
		return whole(t, next, contents)
	}
	dictionary, err := parcel.Join(d.Like, textsOf(old))
	must(t, err)
	var b bytes.Buffer
	must(t, parcel.Write(&b, parcel.Zstd, d, dictionary, time.Unix(1700000000, 0), textsOf(contents)))
	return Parcel{From: d.From, Codec: "zstd", Data: &b}
}

// with puts programs of this machine before the site's own, as links with these names.
func (s *site) with(programs map[string]string) {
	for name, program := range programs {
		at, err := exec.LookPath(program)
		must(s.t, err)
		os.Remove(filepath.Join(s.bin, name))
		must(s.t, os.Symlink(at, filepath.Join(s.bin, name)))
	}
}

// kits returns the combinations of shell and awk that a host may have.
func kits() (all []map[string]string) {
	for _, shell := range []string{"dash", "bash", "busybox"} {
		for _, awk := range []string{"mawk", "gawk", "busybox"} {
			_, err1 := exec.LookPath(shell)
			_, err2 := exec.LookPath(awk)
			if err1 == nil && err2 == nil {
				all = append(all, map[string]string{"sh": shell, "awk": awk})
			}
		}
	}
	return all
}

// has checks that the host has exactly the contents, with their modes, and the manifest.
func (s *site) has(m release.Manifest, contents map[string]content) {
	s.t.Helper()
	want, got := map[string]string{}, map[string]string{}
	for p, c := range contents {
		switch {
		case c.target != "":
			want[p] = "-> " + c.target
		case c.mode == 0:
			want[p] = "dir"
		default:
			want[p] = fmt.Sprintf("%o %s", c.mode&^release.HostUmask, c.text)
		}
	}
	top := s.path("releases", string(m.ReleaseID))
	must(s.t, filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == top {
			return err
		}
		info, err := d.Info()
		must(s.t, err)
		name := strings.TrimPrefix(file, top+"/")
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			must(s.t, err)
			got[name] = "-> " + target
		case d.IsDir():
			got[name] = "dir"
		default:
			text, err := os.ReadFile(file)
			must(s.t, err)
			got[name] = fmt.Sprintf("%o %s", info.Mode().Perm(), text)
		}
		return nil
	}))
	if !maps.Equal(got, want) {
		s.t.Errorf("the host has\n%q\nwant\n%q", got, want)
	}
	text, err := m.Text()
	must(s.t, err)
	if s.read(".slipway", "releases", string(m.ReleaseID), "manifest.json") != string(text) {
		s.t.Error("the host has another manifest")
	}
}

var oddNames = []string{
	"plain", "two words", `"quotes"`, "it's", "<a&b>", "\u2028line\u2029", "☃", "-rf", "--", ".hidden", "...", "*", "$HOME", "%s%n", "a=b", "#x", "~", "!!",
	"path", "   \"path\": \"x\",", "}", "]", "step=base", "=1", "+x", "@x", "é", "\u00a0", "{", strings.Repeat("n", 200),
}

// trees makes releases at random.
type trees struct{ *rand.Rand }

func (r trees) name() string {
	return oddNames[r.IntN(len(oddNames))] + []string{"", "", fmt.Sprint(r.IntN(9))}[r.IntN(3)]
}

func (r trees) file() content {
	return content{text: []string{"", "x", "y", "same\n", strings.Repeat("z", r.IntN(3000))}[r.IntN(5)], mode: []int64{0o644, 0o755, 0o600, 0o444, 0o666, 0o777, 0o711}[r.IntN(7)]}
}

// place returns a new path in one of the directories, or a new directory.
func (r trees) place(c map[string]content) string {
	dirs := []string{"."}
	for _, p := range slices.Sorted(maps.Keys(c)) {
		if c[p] == (content{}) {
			dirs = append(dirs, p)
		}
	}
	for {
		if p := path.Join(dirs[r.IntN(len(dirs))], r.name()); c[p] == (content{}) && len(p) < 500 && !has(c, p) {
			return p
		}
	}
}

func has(c map[string]content, p string) bool { _, there := c[p]; return there }

func (r trees) fresh(entries int) map[string]content {
	c := map[string]content{"top": {text: "top", mode: 0o644}}
	for range entries {
		switch p := r.place(c); r.IntN(6) {
		case 0, 1:
			c[p] = content{}
		case 2:
			c[p] = content{target: []string{"x", "./x y", "☃", `"<&>"`}[r.IntN(4)]}
		default:
			c[p] = r.file()
		}
	}
	return c
}

// files returns the paths of the files in an order of its own.
func (r trees) files(c map[string]content) []string {
	paths := slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(p string) bool { return c[p].mode == 0 || c[p].target != "" })
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

// changed returns another release, as it may come of one.
func (r trees) changed(old map[string]content) map[string]content {
	c := maps.Clone(old)
	for range 1 + r.IntN(8) {
		files := r.files(c)
		n := min(len(files), 2+r.IntN(3))
		if n < 2 {
			c[r.place(c)] = r.file()
			continue
		}
		files = files[:n]
		switch r.IntN(9) {
		case 0: // one more
			c[r.place(c)] = r.file()
		case 1: // one less
			r.remove(c)
		case 2: // a swap or a cycle
			last := c[files[n-1]]
			for i := n - 1; i > 0; i-- {
				c[files[i]] = c[files[i-1]]
			}
			c[files[0]] = last
		case 3: // a chain, whose end is new
			p := r.place(c)
			c[p] = c[files[0]]
			for i := 1; i < n; i++ {
				c[files[i-1]] = c[files[i]]
			}
			delete(c, files[n-1])
		case 4: // other contents
			c[files[0]] = r.file()
		case 5: // another mode
			f := c[files[0]]
			f.mode ^= 0o111
			c[files[0]] = f
		case 6: // a copy
			c[r.place(c)] = c[files[0]]
		case 7: // a directory with another name
			r.rename(c)
		case 8: // a file that moves away, and another one in its place
			c[r.place(c)] = c[files[0]]
			c[files[0]] = r.file()
		}
	}
	return c
}

func (r trees) remove(c map[string]content) {
	paths := slices.Sorted(maps.Keys(c))
	gone := paths[r.IntN(len(paths))]
	maps.DeleteFunc(c, func(p string, _ content) bool { return len(c) > 1 && (p == gone || strings.HasPrefix(p, gone+"/")) })
}

func (r trees) rename(c map[string]content) {
	for _, dir := range slices.Sorted(maps.Keys(c)) {
		if c[dir] != (content{}) {
			continue
		}
		to := r.place(c)
		if strings.HasPrefix(to, dir+"/") {
			return
		}
		for _, p := range slices.Sorted(maps.Keys(c)) {
			if p == dir || strings.HasPrefix(p, dir+"/") {
				c[to+strings.TrimPrefix(p, dir)] = c[p]
				delete(c, p)
			}
		}
		return
	}
}

func TestADeltaMakesWhatWasBuilt(t *testing.T) {
	t.Parallel()
	for i, kit := range kits() {
		t.Run(kit["sh"]+" and "+kit["awk"], func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20) {
				r := trees{rand.New(rand.NewPCG(uint64(i), seed))}
				one := r.fresh(r.IntN(30))
				two := r.changed(one)
				s := newSite(t)
				s.with(kit)
				m1, m2 := manifestOf(r1, one), manifestOf(r2, two)
				must(t, s.stage(m1, whole(t, m1, one)))
				s.has(m1, one)
				p := since(t, m1, m2, two)
				if seed%2 == 1 {
					p = known(t, m1, m2, one, two)
				}
				if err := s.stage(m2, p); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				s.has(m2, two)
				s.has(m1, one)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}
