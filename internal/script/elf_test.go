package script

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// librariesIn runs elf.sh on a tree as a build does.
func librariesIn(t *testing.T, s *site, tree string) ([]string, error) {
	t.Helper()
	var lines []string
	c := call{script: "assemble", args: args{{"tree", tree}}, onFact: func(key, value string) {
		lines = append(lines, value)
		if key != "library" {
			t.Errorf("fact %s=%s", key, value)
		}
	}}
	// assemble.sh sets UTF-8 for Elixir.
	m := withMain(`export LC_ALL=C.UTF-8; work=$(mktemp -d) && checksums "$tree" >"$work/checksums" && describe_elf "$tree" "$work" "$HOME/needs" && sed 's/^/library=/' "$work/libraries" >&3`)
	m.env = s.env
	err := c.run(t.Context(), m)
	return lines, err
}

const magic = "\x7fELF"

// recorded is the output of readelf 2.40 for a NIF that needs GLIBC_2.33
// weakly.
const recorded = `
ELF Header:
  Magic:   7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00 
  Class:                             ELF64
  Data:                              2's complement, big endian
  OS/ABI:                            UNIX - System V
  Machine:                           IBM S/390

Dynamic section at offset 0x2e10 contains 21 entries:
  Tag        Type                         Name/Value
 0x0000000000000001 (NEEDED)             Shared library: [libz.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x000000000000000e (SONAME)             Library soname: [libnif.so.1]
 0x000000006ffffef5 (GNU_HASH)           0x260
 0x000000006ffffffc (VERDEF)             0x370
 0x000000006ffffffe (VERNEED)            0x3a8
 0x0000000000000000 (NULL)               0x0

Version symbols section '.gnu.version' contains 5 entries:
 Addr: 0x0000000000000364  Offset: 0x00000364  Link: 3 (.dynsym)
  000:   0 (*local*)       3 (GLIBC_2.33)    4 (GLIBC_2.14)    2 (NIF_1)      
  004:   2 (NIF_1)      

Version definition section '.gnu.version_d' contains 2 entries:
 Addr: 0x0000000000000370  Offset: 0x00000370  Link: 4 (.dynstr)
  000000: Rev: 1  Flags: BASE  Index: 1  Cnt: 1  Name: libnif.so.1
  0x001c: Rev: 1  Flags: none  Index: 2  Cnt: 1  Name: NIF_1

Version needs section '.gnu.version_r' contains 1 entry:
 Addr: 0x00000000000003a8  Offset: 0x000003a8  Link: 4 (.dynstr)
  000000: Version: 1  File: libc.so.6  Cnt: 3
  0x0010:   Name: GLIBC_ABI_DT_RELR  Flags: none  Version: 5
  0x0020:   Name: GLIBC_2.14  Flags: none  Version: 4
  0x0030:   Name: GLIBC_2.33  Flags: WEAK  Version: 3
`

// damagedRecorded is its output for damaged files.
const damagedRecorded = `
Dynamic section at offset 0x2e10 contains 21 entries:
 0x0000000000000001 (NEEDED)             Shared library: [<corrupt: 3ff0>]
 0x0000000000000001 (NEEDED)             Shared library: [-a b]
 0x0000000000000001 (NEEDED)             0x1
There is no dynamic section in this file.
`

// recording puts a readelf on the site that prints the recorded output for
// three files.
func recording(s *site) {
	s.write(recorded, "recorded")
	s.write(damagedRecorded, "damaged")
	s.command("readelf", `echo "$*" >>"$BASE/readelf.log"
		case "$*" in
		--version) exit ;;
		"--wide --file-header --dynamic --version-info ./priv/a nif.so") cat "$BASE/recorded" ;;
		"--wide --file-header --dynamic --version-info ./-ünï  ☃ ") cat "$BASE/recorded" ;;
		"--wide --file-header --dynamic --version-info ./damaged") echo "readelf: Error: too many" >&2; cat "$BASE/damaged" ;;
		*) echo " 0x01 (NEEDED)   Shared library: [unexpected]" ;;
		esac
		[ "$LC_ALL" = C ] || echo " 0x01 (NEEDED)   Shared library: [not-in-C]"`)
}

func (s *site) tree(files map[string]string) string {
	for name, text := range files {
		s.write(text, "tree", name)
	}
	return s.path("tree")
}

// noELF has files that are not ELF files, though they have some or all of the
// magic bytes.
var noELF = map[string]string{
	"empty": "", "short": magic[:3], "text": "text\n" + magic + "\n", "late": "\n" + magic, "list": "==> priv <==\n" + magic + "\n\n",
	"tar": "x\x00" + magic, "==> x <==": "\x7fEL" + magic,
}

func TestLibrariesAreThoseOfTheELFFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	recording(s)
	tree := s.tree(noELF)
	s.tree(map[string]string{"priv/a nif.so": magic + "...", "-ünï  ☃ ": magic, "damaged": magic + "\n", "two\nlines": magic})
	must(t, os.Symlink("priv/a nif.so", filepath.Join(tree, "link")))
	got, err := librariesIn(t, s, tree)
	must(t, err)
	var want []string
	for _, file := range []string{"-ünï  ☃ ", "priv/a nif.so"} {
		for _, need := range []string{"m\tELF64/big/IBM_S_390", "n\tlibz.so.1", "n\tlibc.so.6", "v\tGLIBC_ABI_DT_RELR\tlibc.so.6", "v\tGLIBC_2.14\tlibc.so.6"} {
			want = append(want, need+"\t"+file)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if calls := strings.Count(s.read("readelf.log"), "\n"); calls != 4 {
		t.Errorf("readelf ran %d times:\n%s", calls, s.read("readelf.log"))
	}
}

// An unchanged file costs one readelf in all builds together, whatever its name is.
func TestAFileThatIsKnownByItsContentsIsNotReadAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	recording(s)
	tree := s.tree(map[string]string{"priv/a nif.so": magic + "...", "damaged": magic + "\n", "back\\slash": magic + "!"})
	first, err := librariesIn(t, s, tree)
	must(t, err)
	must(t, os.Remove(s.path("readelf.log")))
	again, err := librariesIn(t, s, tree)
	must(t, err)
	if got := s.read("readelf.log"); strings.Count(got, "\n") != 2 || !strings.Contains(got, "slash") {
		t.Errorf("besides --version, readelf ran for\n%s", got)
	}
	sameLines(t, first, again)

	s.tree(map[string]string{"lib/x-2/copy": magic + "...", "priv/new": magic + "new"})
	must(t, os.Remove(filepath.Join(tree, "back\\slash")))
	must(t, os.Remove(s.path("readelf.log")))
	moved, err := librariesIn(t, s, tree)
	must(t, err)
	if got := s.read("readelf.log"); !strings.HasSuffix(got, " ./priv/new\n") || strings.Count(got, "\n") != 2 {
		t.Errorf("besides --version, readelf ran for\n%s", got)
	}
	for _, line := range first {
		if path, ok := strings.CutSuffix(line, "\tpriv/a nif.so"); ok && !slices.Contains(moved, path+"\tlib/x-2/copy") {
			t.Errorf("the copy lacks %q:\n%q", line, moved)
		}
	}
	if again, err = librariesIn(t, s, tree); err != nil || len(again) != len(moved) {
		t.Errorf("the third time it says\n%q\nand before\n%q", again, moved)
	}
}

// sameLines compares lines in any order.
func sameLines(t *testing.T, a, b []string) {
	t.Helper()
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	if len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("it says\n%q\nand said\n%q", b, a)
	}
}

// The names are given to head in several batches.
func TestNoELFFileOfManyIsMissed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.command("readelf", `[ "$1" = --version ] || echo "  Machine: x"`)
	files := map[string]string{}
	for n := range 3000 {
		files[fmt.Sprintf("%s/%d.so", strings.Repeat("long name ", 15), n)] = magic + fmt.Sprint(n)
	}
	got, err := librariesIn(t, s, s.tree(files))
	if err != nil || len(got) != len(files) {
		t.Errorf("%d of %d, %v", len(got), len(files), err)
	}
}

func TestOneELFFileAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	recording(s)
	got, err := librariesIn(t, s, s.tree(map[string]string{"priv/a nif.so": magic}))
	if err != nil || len(got) != 5 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReadelfMustBeThereForELFFilesAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tool := range []string{"sh", "echo", "find", "sort", "xargs", "head", "sed", "awk", "tr", "mktemp", "sha256sum", "mv"} {
		path, err := exec.LookPath(tool)
		must(t, err)
		must(t, os.Symlink(path, filepath.Join(s.bin, tool)))
	}
	s.env = append(s.env, "PATH="+s.bin)
	tree := s.tree(noELF)
	if got, err := librariesIn(t, s, tree); err != nil || got != nil {
		t.Errorf("without ELF files: %q, %v", got, err)
	}
	s.tree(map[string]string{"a b/nif": magic})
	_, err := librariesIn(t, s, tree)
	wantReason(t, err, "readelf is not installed on the build host: install binutils")

	s.command("readelf", "exit 127") // it exists and cannot run
	_, err = librariesIn(t, s, tree)
	wantReason(t, err, "readelf is not installed")
}

// The real readelf and another reader of ELF files must agree about this
// machine's programs, even with damaged files between them.
func TestRealReadelfSaysWhatIsInTheFiles(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("readelf"); err != nil {
		t.Skip("readelf is not installed; the format is also tested with a recording")
	}
	s := newSite(t)
	tree := s.tree(noELF)
	var want []string
	for _, tool := range []string{"sh", "readelf", "git", "tar", "ssh", "find"} {
		path, err := exec.LookPath(tool)
		must(t, err)
		program, err := os.ReadFile(path)
		must(t, err)
		name := "a " + tool + ".ü"
		s.tree(map[string]string{name: string(program), name + ".cut": string(program[:1000]), "a " + tool + ".head": string(program[:64])})
		want = append(want, needsOf(t, program, name)...)
	}
	got, err := librariesIn(t, s, tree)
	must(t, err)
	isMachine := func(line string) bool { return strings.HasPrefix(line, "m\t") }
	known := slices.ContainsFunc(want, isMachine)
	got = slices.DeleteFunc(got, func(line string) bool { return isMachine(line) && !(known && strings.HasSuffix(line, ".ü")) })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("elf.sh says\n%s\nand the files hold\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// needsOf returns the expected lines of a program, or none for a script.
func needsOf(t *testing.T, program []byte, name string) (lines []string) {
	if !bytes.HasPrefix(program, []byte(magic)) {
		return nil
	}
	f, err := elf.NewFile(bytes.NewReader(program))
	must(t, err)
	needed, err := f.ImportedLibraries()
	must(t, err)
	// Only the machine of this test's own programs is known in readelf's words.
	if f.Machine == elf.EM_X86_64 {
		lines = append(lines, "m\tELF64/little/Advanced_Micro_Devices_X86-64\t"+name)
	}
	for _, library := range needed {
		lines = append(lines, "n\t"+library+"\t"+name)
	}
	versions, err := f.DynamicVersionNeeds()
	must(t, err)
	for _, library := range versions {
		for _, version := range library.Needs {
			if version.Flags&elf.VER_FLG_WEAK == 0 {
				lines = append(lines, "v\t"+version.Dep+"\t"+library.Name+"\t"+name)
			}
		}
	}
	return lines
}
