package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ManifestFormat is the version of the manifest's own format.
const ManifestFormat = 1

// Manifest says what a release is and lists every file in it.
type Manifest struct {
	Format       int       `json:"format"`
	ReleaseID    ID        `json:"release_id"`
	Org          string    `json:"org"`
	App          string    `json:"app"`
	Release      string    `json:"release,omitempty"` // its name in mix.exs; the start script is bin/NAME
	Version      string    `json:"version"`           // the application's own, from mix.exs
	Revision     string    `json:"revision"`          // the git commit it was built from
	Ref          string    `json:"ref,omitempty"`     // the branch or tag that was pushed
	Repository   string    `json:"repository"`
	BuiltAt      time.Time `json:"built_at"`
	OS           string    `json:"os"`   // as uname -s says, e.g. Linux
	Arch         string    `json:"arch"` // as uname -m says, e.g. x86_64
	Libc         string    `json:"libc"`
	Kernel       string    `json:"kernel,omitempty"` // as uname -r says on the build host
	ERTS         string    `json:"erts"`
	Elixir       string    `json:"elixir"`
	OTP          string    `json:"otp"`
	MixLock      string    `json:"mix_lock_sha256,omitempty"`
	ToolVersions string    `json:"tool_versions_sha256,omitempty"`
	Files        []File    `json:"files"`
}

// Kind is what an entry of a release tree is.
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
	Glibc  string   `json:"glibc,omitempty"`  // the oldest that will do, e.g. 2.34; ELF files only
}

// ParseManifest reads a manifest and refuses one that no build of Slipway makes.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	return m, m.Validate()
}

// JSON is the manifest as it is stored.
func (m Manifest) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// Size is the sum of all file sizes in bytes.
func (m Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

var releaseName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Validate reports everything in the manifest that would make the release
// unsafe to unpack or impossible to identify.
func (m Manifest) Validate() error {
	var errs []error
	if m.Format != ManifestFormat {
		errs = append(errs, fmt.Errorf("manifest: format %d; this Slipway knows format %d", m.Format, ManifestFormat))
	}
	if _, err := ParseID(string(m.ReleaseID)); err != nil {
		errs = append(errs, fmt.Errorf("manifest: %w", err))
	}
	if m.Release != "" && !releaseName.MatchString(m.Release) {
		errs = append(errs, fmt.Errorf("manifest: %q is no name of a release: bin/NAME is its start script", m.Release))
	}
	if len(m.Files) == 0 {
		errs = append(errs, errors.New("manifest: it lists no files"))
	}
	links := map[string]bool{}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if seen[f.Path] {
			errs = append(errs, fmt.Errorf("manifest: %q is listed twice", f.Path))
		}
		seen[f.Path] = true
		links[f.Path] = f.Kind == Link
		errs = append(errs, f.validate())
	}
	for _, f := range m.Files {
		// A path through a link is how an archive writes outside of its tree.
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if links[dir] {
				errs = append(errs, fmt.Errorf("manifest: %q lies behind the link %q", f.Path, dir))
				break
			}
			if dir == "/" {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (f File) validate() error {
	switch {
	case !local(f.Path):
		return fmt.Errorf("manifest: %q is not a plain path inside of the release", f.Path)
	case f.Kind == Link && (f.Target == "" || path.IsAbs(f.Target) || hasControl(f.Target) || climbsLate(f.Target)):
		return fmt.Errorf("manifest: link %q has target %q, which is not a plain relative path", f.Path, f.Target)
	case f.Kind == Link && !local(path.Join(path.Dir(f.Path), f.Target)):
		return fmt.Errorf("manifest: link %q leaves the release: %q", f.Path, f.Target)
	case f.Kind == Regular && f.Mode&^0o777 != 0:
		return fmt.Errorf("manifest: %q has mode %o: setuid, setgid and sticky files are refused", f.Path, f.Mode)
	case f.Kind == Regular && (len(f.SHA256) != 64 || strings.Trim(f.SHA256, "0123456789abcdef") != ""):
		return fmt.Errorf("manifest: %q has no SHA-256", f.Path)
	case f.Kind != Regular && f.Kind != Link && f.Kind != Dir:
		return fmt.Errorf("manifest: %q is a %q: a release has files, links and directories only", f.Path, f.Kind)
	}
	return f.validateNeeds()
}

// climbsLate reports whether a link's target goes up after it went down: what
// is up from there is unknown, since the way down may lead through another link.
func climbsLate(target string) bool {
	names := strings.Split(target, "/")
	down := slices.IndexFunc(names, func(name string) bool { return strings.Trim(name, ".") != "" || len(name) > 2 })
	return down >= 0 && slices.Contains(names[down:], "..")
}

// local reports whether p is a clean relative path that stays inside of its
// tree, without characters that the line-based lists cannot carry.
func local(p string) bool {
	return p != "" && p != "." && p != ".." && path.Clean(p) == p &&
		!path.IsAbs(p) && !strings.HasPrefix(p, "../") && !hasControl(p)
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
}

// sorted returns the entries in the byte order of their paths.
func (m Manifest) sorted() []File {
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}
