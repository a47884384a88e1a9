package release

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of an entry of a release tree.
type Kind string

// The kinds that a release may contain; anything else is refused.
const (
	Regular Kind = "file"
	Link    Kind = "link"
	Dir     Kind = "dir"
)

// File is one entry of a release tree.
type File struct {
	Path   string   `json:"path"` // relative to the release, with slashes
	Kind   Kind     `json:"kind"`
	Mode   uint32   `json:"mode,omitempty"`   // permission bits, files only
	Size   int64    `json:"size,omitempty"`   // bytes, files only
	SHA256 string   `json:"sha256,omitempty"` // hex, files only
	Target string   `json:"target,omitempty"` // links only
	Needs  []string `json:"needs,omitempty"`  // sonames of shared libraries, sorted; ELF files only
	Glibc  string   `json:"glibc,omitempty"`  // the oldest version that suffices, e.g. 2.34; ELF files only
}

func (m Manifest) validateFiles() error {
	if len(m.Files) == 0 {
		return errors.New("manifest: it lists no files")
	}
	var errs []error
	kinds := make(map[string]Kind, len(m.Files))
	var size int64
	for _, f := range m.Files {
		if _, twice := kinds[f.Path]; twice {
			errs = append(errs, fmt.Errorf("manifest: %.300q is listed twice", f.Path))
		}
		kinds[f.Path] = f.Kind
		errs = append(errs, f.validate())
		if f.Size < 0 || f.Size > math.MaxInt64-size {
			errs = append(errs, fmt.Errorf("manifest: %.300q has size %d, which no release can have", f.Path, f.Size))
			continue
		}
		size += f.Size
	}
	for _, f := range m.Files {
		errs = append(errs, f.validatePlace(kinds))
	}
	return errors.Join(errs...)
}

// validatePlace returns an error if the path does not lead through directories
// only. An archive with a path through a link can write outside of its tree.
func (f File) validatePlace(kinds map[string]Kind) error {
	for dir := path.Dir(f.Path); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if kind := kinds[dir]; kind == Link || kind == Regular {
			return fmt.Errorf("manifest: %.300q is below the %s %.300q", f.Path, kind, dir)
		}
	}
	return nil
}

// OwnNames begin the names of what a release has beside its files on its way to a host,
// at its top. No file of a release may have such a name.
const OwnNames = ".slipway."

func (f File) validate() error {
	switch {
	case strings.HasPrefix(f.Path, OwnNames):
		return fmt.Errorf("manifest: %q: a name at the top of a release that begins with %s is Slipway's own: give the file another one", f.Path, OwnNames)
	case tooLong(f.Path) || tooLong(f.Target):
		return fmt.Errorf("manifest: %.300q has a path or a target longer than %d bytes, or a name in it longer than %d", f.Path, maxPath, maxName)
	case !local(f.Path):
		return fmt.Errorf("manifest: %q is not a plain path inside the release", f.Path)
	case f.Kind == Link && (f.Target == "" || path.IsAbs(f.Target) || !plainName(f.Target) || climbsLate(f.Target)):
		return fmt.Errorf("manifest: link %q has target %q, which is not a plain relative path: copy what it leads to into the release (before-release, or a step of the release in mix.exs), or name the place on the host in the configuration", f.Path, f.Target)
	case f.Kind == Link && !local(path.Join(path.Dir(f.Path), f.Target)):
		return fmt.Errorf("manifest: link %q leaves the release: %q: copy what it leads to into the release (before-release, or a step of the release in mix.exs), or name the place on the host in the configuration", f.Path, f.Target)
	case f.Kind == Regular && f.Mode&^0o777 != 0:
		return fmt.Errorf("manifest: %q has mode %o: setuid, setgid and sticky files are refused. Take the bit off; what the program may do is the host's to say: AmbientCapabilities= in its unit, or a sudo rule", f.Path, f.Mode)
	case f.Kind == Regular && (len(f.SHA256) != 64 || strings.Trim(f.SHA256, "0123456789abcdef") != ""):
		return fmt.Errorf("manifest: %q has no SHA-256", f.Path)
	case f.Kind != Regular && f.Kind != Link && f.Kind != Dir:
		return fmt.Errorf("manifest: %q is a %.100q: a release has files, links and directories only", f.Path, f.Kind)
	}
	return f.validateNeeds()
}

// climbsLate reports whether a link's target goes up after it went down. The way
// down may lead through another link, so it is unknown where "up" leads from
// there.
func climbsLate(target string) bool {
	names := strings.Split(target, "/")
	down := slices.IndexFunc(names, func(name string) bool { return strings.Trim(name, ".") != "" || len(name) > 2 })
	return down >= 0 && slices.Contains(names[down:], "..")
}

// local reports whether p is a clean relative path that stays inside its tree and
// has no characters that the line-based lists cannot represent.
func local(p string) bool {
	return p != "" && p != "." && p != ".." && path.Clean(p) == p &&
		!path.IsAbs(p) && !strings.HasPrefix(p, "../") && plainName(p)
}

// plainName reports whether JSON and the line-based lists can represent s
// unchanged.
func plainName(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\\' })
}

func tooLong(p string) bool {
	return len(p) > maxPath || slices.ContainsFunc(strings.Split(p, "/"), func(name string) bool { return len(name) > maxName })
}
