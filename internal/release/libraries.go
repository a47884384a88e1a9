package release

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What a release's ELF files need from a host is written down on the build
// host with readelf, a line for each need, its parts separated by tabs:
//
//	n SONAME PATH           a shared library
//	v VERSION SONAME PATH   a version of its symbols, e.g. GLIBC_2.34

// ParseLibraries returns the entries with what those lines say of them.
func ParseLibraries(files []File, lines []string) ([]File, error) {
	files = slices.Clone(files)
	byPath := make(map[string]*File, len(files))
	for i := range files {
		if f := &files[i]; f.Kind == Regular {
			f.Needs, f.Glibc = nil, ""
			byPath[f.Path] = f
		}
	}
	for _, line := range lines {
		part := strings.Split(line, "\t")
		f := byPath[part[len(part)-1]]
		switch {
		case f == nil:
			return nil, fmt.Errorf("libraries: %q is of no file of the release", line)
		case part[0] == "n" && len(part) == 3:
			f.addNeed(part[1])
		case part[0] == "v" && len(part) == 4:
			f.Glibc = newer(f.Glibc, glibcOf(part[1]))
		default:
			return nil, fmt.Errorf("libraries: %q names neither a library nor a version", line)
		}
		if err := f.validateNeeds(); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (f *File) addNeed(name string) {
	if at, known := slices.BinarySearch(f.Needs, name); !known {
		f.Needs = slices.Insert(f.Needs, at, name)
	}
}

// glibcOf is the glibc that has a version of symbols: "2.34" for GLIBC_2.34. It
// is empty for other libraries' versions and for GLIBC_PRIVATE, which says
// nothing about which glibc it takes.
func glibcOf(version string) string {
	if version == "GLIBC_ABI_DT_RELR" { // packed relocations, which the loader knows since then
		return "2.36"
	}
	number, ok := strings.CutPrefix(version, "GLIBC_")
	if !ok || !numeric.MatchString(number) {
		return ""
	}
	return number
}

// newer returns the newer of two versions of glibc; none is the oldest.
func newer(a, b string) string {
	if slices.Compare(numbers(a), numbers(b)) < 0 {
		return b
	}
	return a
}

// OlderGlibc reports whether a host's glibc is older than the one needed; both
// are versions such as 2.34.
func OlderGlibc(has, needs string) bool {
	return slices.Compare(numbers(has), numbers(needs)) < 0
}

func numbers(version string) []int {
	if version == "" {
		return nil
	}
	var ns []int
	for _, part := range strings.Split(version, ".") {
		n, _ := strconv.Atoi(part) // numeric has seen it
		ns = append(ns, n)
	}
	return ns
}

// NewestGlibc is the oldest glibc with which everything in the release can
// start, e.g. "2.34". It is empty if nothing needs any.
func (m Manifest) NewestGlibc() string {
	var newest string
	for _, f := range m.Files {
		newest = newer(newest, f.Glibc)
	}
	return newest
}

// Libraries are the shared libraries that a host must have: those that the
// release needs and does not bring along itself, under their base names.
func (m Manifest) Libraries() []string {
	own := map[string]bool{}
	for _, f := range m.Files {
		if f.Kind != Dir {
			own[path.Base(f.Path)] = true
		}
	}
	var names []string
	for _, f := range m.Files {
		for _, name := range f.Needs {
			if !own[name] {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The values need no quotes anywhere. A soname may be a path. elf.sh leaves out
// what soname refuses: only damaged files have it.
var (
	numeric = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,4}){1,3}$`)
	soname  = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_.+:@/-]*$`)
)

func (f File) validateNeeds() error {
	for _, name := range f.Needs {
		if len(name) > maxPath || !soname.MatchString(name) {
			return fmt.Errorf("manifest: %q needs %.300q, which is no plain name of a shared library", f.Path, name)
		}
	}
	if f.Glibc != "" && !numeric.MatchString(f.Glibc) {
		return fmt.Errorf("manifest: %q needs glibc %.100q, which is no version such as 2.34", f.Path, f.Glibc)
	}
	return nil
}
