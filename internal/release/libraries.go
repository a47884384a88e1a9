package release

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The build host lists what a release's ELF files need from a host, as readelf
// shows it. Each need is a line of parts that are separated by tabs:
//
//	m MACHINE PATH          the kind of machine that the file is for
//	n SONAME PATH           a shared library
//	v VERSION SONAME PATH   a version of its symbols, e.g. GLIBC_2.34

// ParseLibraries returns the entries with the needs that the lines list for them. The
// needs of foreign files are left out: the release's own virtual machine cannot load
// them, since they are for another kind of machine or another C library. Packages bring
// such files for platforms that are not this one.
func ParseLibraries(files []File, lines []string) (needing []File, foreign []string, err error) {
	files = slices.Clone(files)
	byPath := make(map[string]*File, len(files))
	for i := range files {
		if f := &files[i]; f.Kind == Regular {
			f.Needs, f.Glibc = nil, ""
			byPath[f.Path] = f
		}
	}
	machines := map[string]string{}
	for _, line := range lines {
		part := strings.Split(line, "\t")
		f := byPath[part[len(part)-1]]
		switch {
		case f == nil:
			return nil, nil, fmt.Errorf("libraries: %q names no file of the release", line)
		case part[0] == "m" && len(part) == 3:
			machines[f.Path] = part[1]
		case part[0] == "n" && len(part) == 3:
			f.addNeed(part[1])
		case part[0] == "v" && len(part) == 4:
			f.Glibc = newer(f.Glibc, glibcOf(part[1]))
		default:
			return nil, nil, fmt.Errorf("libraries: %q names neither a machine, a library nor a version", line)
		}
		if err := f.validateNeeds(); err != nil {
			return nil, nil, err
		}
	}
	return files, dropForeign(files, machines), nil
}

// dropForeign drops the needs of files that are not for the platform of the release's
// virtual machine, and returns their paths.
func dropForeign(files []File, machines map[string]string) (foreign []string) {
	vm := slices.IndexFunc(files, func(f File) bool { return virtualMachine.MatchString(f.Path) })
	if vm < 0 {
		return nil
	}
	machine, libc := machines[files[vm].Path], files[vm].libc()
	for i := range files {
		f := &files[i]
		otherMachine := machines[f.Path] != "" && machines[f.Path] != machine
		otherLibc := f.libc() != "" && f.libc() != libc
		if otherMachine || otherLibc && libc != "" {
			f.Needs, f.Glibc = nil, ""
			foreign = append(foreign, f.Path)
		}
	}
	return foreign
}

var (
	virtualMachine = regexp.MustCompile(`^erts-[^/]+/bin/beam\.smp$`)
	cLibrary       = regexp.MustCompile(`^libc\.(so(\.[0-9.]+)?|musl-[a-z0-9_]+\.so\.1)$`)
)

// libc returns the C library that a file needs, such as libc.so.6 (glibc),
// libc.musl-x86_64.so.1 or libc.so (musl, or Android's), or "" if it names none.
func (f File) libc() string {
	at := slices.IndexFunc(f.Needs, cLibrary.MatchString)
	if at < 0 {
		return ""
	}
	return f.Needs[at]
}

func (f *File) addNeed(name string) {
	if at, known := slices.BinarySearch(f.Needs, name); !known {
		f.Needs = slices.Insert(f.Needs, at, name)
	}
}

// glibcOf returns the version of glibc that has a symbol version: "2.34" for
// GLIBC_2.34. It returns "" for symbol versions of other libraries, and for
// GLIBC_PRIVATE, from which the version of glibc cannot be told.
func glibcOf(version string) string {
	if version == "GLIBC_ABI_DT_RELR" { // packed relocations: the loader knows them since 2.36
		return "2.36"
	}
	number, ok := strings.CutPrefix(version, "GLIBC_")
	if !ok || !numeric.MatchString(number) {
		return ""
	}
	return number
}

// newer returns the newer of two versions of glibc; "" is older than any.
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
		n, _ := strconv.Atoi(part) // cannot fail: numeric has matched it
		ns = append(ns, n)
	}
	return ns
}

// NewestGlibc returns the oldest version of glibc with which every program in the
// release can start, e.g. "2.34", or "" if none needs glibc.
func (m Manifest) NewestGlibc() string {
	var newest string
	for _, f := range m.Files {
		newest = newer(newest, f.Glibc)
	}
	return newest
}

// Libraries returns the shared libraries that a host must have: those that the
// release needs but does not contain under their base names.
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

// These values never need quoting. A soname may be a path. elf.sh leaves out
// names that soname does not match: only damaged files have them.
var (
	numeric = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,4}){1,3}$`)
	soname  = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_.+:@/-]*$`)
)

func (f File) validateNeeds() error {
	for _, name := range f.Needs {
		if len(name) > maxPath || !soname.MatchString(name) {
			return fmt.Errorf("manifest: %q needs %.300q, which is not a plain name of a shared library", f.Path, name)
		}
	}
	if f.Glibc != "" && !numeric.MatchString(f.Glibc) {
		return fmt.Errorf("manifest: %q needs glibc %.100q, which is not a version such as 2.34", f.Path, f.Glibc)
	}
	return nil
}
