package release

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// applied does what verify.sh does on a host.
func applied(t *testing.T, base, patch string) string {
	t.Helper()
	from := strings.Split(strings.TrimSuffix(base, "\n"), "\n")
	var out strings.Builder
	at := 0
	for line := range strings.Lines(patch) {
		line = strings.TrimSuffix(line, "\n")
		n, err := strconv.Atoi(line[1:])
		switch {
		case line[0] == '+':
			out.WriteString(line[1:] + "\n")
		case err != nil:
			t.Fatalf("%q", line)
		case line[0] == '-':
			at += n
		default:
			for range n {
				out.WriteString(from[at] + "\n")
				at++
			}
		}
	}
	return out.String()
}

func TestAPatchMakesAnyTextFromAnyOther(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range 1 + rnd.IntN(40) {
			fmt.Fprintf(&b, "%d\n", rnd.IntN(30)*rnd.IntN(2))
		}
		return b.String()
	}
	for range 5000 {
		base, next := text(), text()
		patch, ok := patchOf([]byte(base), []byte(next))
		if got := applied(t, base, string(patch)); !ok || got != next {
			t.Fatalf("from\n%sto\n%sby\n%s%v, got\n%s", base, next, patch, ok, got)
		}
	}
}

func TestOnlyWholeLinesArePatched(t *testing.T) {
	for _, texts := range [][2]string{{"a", "a\n"}, {"a\n", "a"}, {"a\x00\n", "a\n"}} {
		if _, ok := patchOf([]byte(texts[0]), []byte(texts[1])); ok {
			t.Errorf("%q", texts)
		}
	}
}

// bumped is a release of an application whose version is in the name of a directory.
func bumped(version string, files int, changed ...int) Manifest {
	m := Manifest{Format: 1, ReleaseID: ID("2024010" + version + "T000000"), Org: "o", App: "a", Version: version}
	m.Files = append(m.Files, File{Path: "lib", Kind: Dir}, File{Path: "lib/a-" + version, Kind: Dir})
	for n := range files {
		text := strconv.Itoa(n)
		if slices.Contains(changed, n) {
			text += version
		}
		m.Files = append(m.Files, File{Path: fmt.Sprintf("lib/a-%s/%03d", version, n), Kind: Regular, Mode: 0o644, Size: 9, SHA256: string(DigestOf([]byte(text)))})
	}
	return m
}

func TestAVersionInANameCostsALineForEachFile(t *testing.T) {
	base, next := bumped("1", 100), bumped("2", 100, 50)
	d, usable, err := next.Since(base)
	if err != nil || !usable {
		t.Fatal(usable, err)
	}
	literals, copies := 0, 0
	for line := range strings.Lines(string(d.Text)) {
		switch line[0] {
		case '+':
			literals++
		case '=':
			copies++
		}
	}
	// The identity has two lines, the directory one, the changed file its checksum.
	if literals != 100+4 || copies > 100+6 {
		t.Errorf("%d literal lines and %d copies:\n%s", literals, copies, d.Text)
	}
	if len(d.Moves) != 99 || len(d.Files) != 1 || len(d.Remove) != 1 {
		t.Errorf("%d moves, %d files, removed %q", len(d.Moves), len(d.Files), d.Remove)
	}
}
