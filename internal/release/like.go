package release

import (
	"slices"
	"strings"
)

// mostLike bounds what a host, and the machine that packs for it, read of the base at
// once to unpack what is sent, in bytes.
const mostLike = 4 << 20

// resembling returns the files of the base that files which are sent are most likely
// new versions of: those with the same path, else those that the release has no more and
// whose path differs in one directory's name, such as a version. The files of the
// release itself are in after.
func resembling(sent []File, before, after map[string]File) (like []File) {
	gone := map[string]string{} // paths of the base, with one name left out
	for _, p := range inOrder(before) {
		if _, stays := after[p]; !stays && before[p].Kind == Regular {
			for _, key := range withoutOneName(p) {
				gone[key] = p
			}
		}
	}
	left, taken := int64(mostLike), map[string]bool{}
	for _, f := range sent {
		old, there := before[f.Path]
		for _, key := range withoutOneName(f.Path) {
			if p, ok := gone[key]; ok && !there {
				old, there = before[p], true
			}
		}
		if there && old.Size > 0 && old.Size <= left && !taken[old.Path] {
			taken[old.Path] = true
			left -= old.Size
			like = append(like, old)
		}
	}
	return like
}

// withoutOneName returns a path once for each of its directories, without that one's
// name.
func withoutOneName(path string) (keys []string) {
	names := strings.Split(path, "/")
	for i := range len(names) - 1 {
		key := slices.Clone(names)
		key[i] = ""
		keys = append(keys, strings.Join(key, "/"))
	}
	return keys
}
