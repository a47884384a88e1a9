package release

import (
	"fmt"
	"strconv"
	"strings"
)

// An inventory describes a tree; a machine makes it with just find and sha256sum.
// The build host prints one, and the manifest is made from it. A host compares
// what it lists with the manifest. An inventory has two parts:
//
//	listing    a line per entry: "f MODE SIZE PATH", "l TARGET PATH", "d PATH",
//	           separated by tabs
//	checksums  a line per file as sha256sum prints it: "SHA256  PATH"

// HostUmask is the umask under which a release is unpacked on a host: the
// application's group can read it, others cannot.
const HostUmask = 0o027

// ParseInventory returns the manifest entries that an inventory describes.
func ParseInventory(listing, checksums []string) ([]File, error) {
	sums, err := parseChecksums(checksums)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, line := range listing {
		f, err := parseEntry(line)
		if err != nil {
			return nil, err
		}
		if f.Kind == Regular {
			sum, ok := sums[f.Path]
			if !ok {
				return nil, fmt.Errorf("inventory: no checksum for %q", f.Path)
			}
			f.SHA256 = sum
		}
		files = append(files, f)
	}
	return files, nil
}

func parseChecksums(lines []string) (map[string]string, error) {
	sums := make(map[string]string, len(lines))
	for _, line := range lines {
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || len(sum) != 64 { // a leading backslash marks a name that sha256sum had to escape
			return nil, fmt.Errorf("inventory: checksum line %q: a file name of the release has a backslash or a line break", line)
		}
		sums[name] = sum
	}
	return sums, nil
}

func parseEntry(line string) (File, error) {
	part := strings.Split(line, "\t")
	switch {
	case part[0] == "d" && len(part) == 2:
		return File{Kind: Dir, Path: part[1]}, nil
	case part[0] == "l" && len(part) == 3:
		return File{Kind: Link, Target: part[1], Path: part[2]}, nil
	case part[0] == "f" && len(part) == 4:
		mode, err1 := strconv.ParseUint(part[1], 8, 32)
		size, err2 := strconv.ParseInt(part[2], 10, 64)
		if err1 == nil && err2 == nil {
			return File{Kind: Regular, Mode: uint32(mode), Size: size, Path: part[3]}, nil
		}
	}
	return File{}, fmt.Errorf("inventory: %q is neither a file, a link nor a directory with a plain name", line)
}
