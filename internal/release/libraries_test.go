package release

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func needing(path, glibc string, needs ...string) File {
	f := regular(path)
	f.Needs, f.Glibc = needs, glibc
	return f
}

func TestParseLibraries(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string // of the file "x"
		glibc string
		needs []string
	}{
		"nothing":                 {nil, "", nil},
		"sorted and once":         {[]string{"n\tlibz.so.1", "n\tlibc.so.6", "n\tlibz.so.1"}, "", []string{"libc.so.6", "libz.so.1"}},
		"names as they come":      {[]string{"n\tlibstdc++.so.6", "n\t./priv/libx.so", "n\tld-linux-x86-64.so.2"}, "", []string{"./priv/libx.so", "ld-linux-x86-64.so.2", "libstdc++.so.6"}},
		"the newest as numbers":   {[]string{"v\tGLIBC_2.34\tlibc.so.6", "v\tGLIBC_2.4\tlibc.so.6", "v\tGLIBC_2.9\tlibm.so.6"}, "2.34", nil},
		"the newest comes last":   {[]string{"v\tGLIBC_2.4\tlibc.so.6", "v\tGLIBC_2.34\tlibc.so.6"}, "2.34", nil},
		"three numbers":           {[]string{"v\tGLIBC_2.2.5\tlibc.so.6", "v\tGLIBC_2.2\tlibc.so.6"}, "2.2.5", nil},
		"two are more than three": {[]string{"v\tGLIBC_2.2.5\tlibc.so.6", "v\tGLIBC_2.3\tlibc.so.6"}, "2.3", nil},
		"another first number":    {[]string{"v\tGLIBC_3.0\tlibc.so.6", "v\tGLIBC_2.99\tlibc.so.6"}, "3.0", nil},
		"packed relocations":      {[]string{"v\tGLIBC_2.4\tlibc.so.6", "v\tGLIBC_ABI_DT_RELR\tlibc.so.6"}, "2.36", nil},
		"newer than those":        {[]string{"v\tGLIBC_2.38\tlibc.so.6", "v\tGLIBC_ABI_DT_RELR\tlibc.so.6"}, "2.38", nil},
		"versions without a number": {
			[]string{"v\tGLIBC_PRIVATE\tlibc.so.6", "v\tGLIBC_ABI_X\tlibc.so.6", "v\tGLIBC_2.4x\tlibc.so.6"}, "", nil,
		},
		"other libraries' versions": {
			[]string{"v\tGLIBCXX_3.4.29\tlibstdc++.so.6", "v\tOPENSSL_3.0.0\tlibcrypto.so.3", "v\tGCC_12.0.0\tlibgcc_s.so.1"}, "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for _, line := range c.lines {
				lines = append(lines, line+"\tx")
			}
			want := []File{regular("a b"), needing("x", c.glibc, c.needs...)}
			// The needs of before no longer count.
			got, _, err := ParseLibraries([]File{regular("a b"), needing("x", "9.9", "old.so")}, lines)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
			}
			if err := manifest(got...).Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Packages have libraries for the platforms of all their users in them.
func TestFilesOfOtherPlatformsNeedNothing(t *testing.T) {
	const vm, x86, arm = "erts-14.2.5/bin/beam.smp", "ELF64/little/Advanced_Micro_Devices_X86-64", "ELF64/little/AArch64"
	for name, c := range map[string]struct {
		vm, file []string // lines without their paths
		foreign  bool
	}{
		"the same platform":             {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + x86, "n\tlibc.so.6"}, false},
		"without a C library":           {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + x86, "n\tlibm.so.6"}, false},
		"another machine":               {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + arm, "n\tlibc.so.6", "v\tGLIBC_2.99\tlibc.so.6"}, true},
		"this machine in 32 bits":       {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\tELF32/little/Advanced_Micro_Devices_X86-64", "n\tlibc.so.6"}, true},
		"the other order of bytes":      {[]string{"m\tELF64/little/PowerPC64", "n\tlibc.so.6"}, []string{"m\tELF64/big/PowerPC64", "n\tlibc.so.6"}, true},
		"Alpine's musl":                 {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + x86, "n\tlibc.musl-x86_64.so.1", "n\tlibstdc++.so.6"}, true},
		"another musl":                  {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + x86, "n\tlibc.so"}, true},
		"FreeBSD":                       {[]string{"m\t" + x86, "n\tlibc.so.6"}, []string{"m\t" + x86, "n\tlibc.so.7"}, true},
		"glibc in a release for Alpine": {[]string{"m\t" + arm, "n\tlibc.musl-aarch64.so.1"}, []string{"m\t" + arm, "n\tlibc.so.6", "v\tGLIBC_2.17\tlibc.so.6"}, true},
		"musl in a release for Alpine":  {[]string{"m\t" + arm, "n\tlibc.musl-aarch64.so.1"}, []string{"m\t" + arm, "n\tlibc.musl-aarch64.so.1"}, false},
		"a static virtual machine":      {[]string{"m\t" + x86}, []string{"m\t" + x86, "n\tlibc.musl-x86_64.so.1"}, false},
		"no virtual machine":            {nil, []string{"m\t" + arm, "n\tlibc.so.6"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			files, lines := []File{regular("priv/nif.so")}, []string{}
			if c.vm != nil {
				files = append(files, regular(vm))
			}
			for _, line := range c.file {
				lines = append(lines, line+"\tpriv/nif.so")
			}
			for _, line := range c.vm {
				lines = append(lines, line+"\t"+vm)
			}
			got, foreign, err := ParseLibraries(files, lines)
			if err != nil || slices.Contains(foreign, "priv/nif.so") != c.foreign || slices.Contains(foreign, vm) {
				t.Errorf("foreign: %q, %v", foreign, err)
			}
			if needs := len(got[0].Needs) > 0; needs == c.foreign || c.foreign && got[0].Glibc != "" {
				t.Errorf("%+v", got[0])
			}
		})
	}
}

func TestParseLibrariesKeepsFilesApart(t *testing.T) {
	lines := []string{"n\tlibc.so.6\tx", "v\tGLIBC_2.4\tlibc.so.6\tx", "n\tlibz.so.1\ta b", "v\tGLIBC_2.34\tlibc.so.6\ta b"}
	before := []File{regular("a b"), regular("x")}
	got, _, err := ParseLibraries(before, lines)
	if want := []File{needing("a b", "2.34", "libz.so.1"), needing("x", "2.4", "libc.so.6")}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if want := []File{regular("a b"), regular("x")}; !reflect.DeepEqual(before, want) {
		t.Errorf("changed the caller's entries: %+v", before)
	}
}

func TestParseLibrariesRefuses(t *testing.T) {
	files := []File{regular("x"), {Path: "dir", Kind: Dir}, link("cur", "x")}
	for line, want := range map[string]string{
		"":                               "no file of the release",
		"n\tlibc.so.6":                   "no file of the release",
		"n\tlibc.so.6\ty":                "no file of the release",
		"n\tlibc.so.6\tdir":              "no file of the release",
		"n\tlibc.so.6\tcur":              "no file of the release",
		"x":                              "neither a machine, a library nor a version",
		"n\tx":                           "neither a machine, a library nor a version",
		"n\tlibc.so.6\tlibc.so.6\tx":     "neither a machine, a library nor a version",
		"v\tGLIBC_2.4\tx":                "neither a machine, a library nor a version",
		"w\tlibc.so.6\tx":                "neither a machine, a library nor a version",
		"n\t\tx":                         "not a plain name",
		"n\t-l\tx":                       "not a plain name",
		"n\tlib c.so\tx":                 "not a plain name",
		"n\t$(reboot)\tx":                "not a plain name",
		"v\tGLIBC_2.4\tlibc.so.6\tx\tno": "no file of the release",
	} {
		_, _, err := ParseLibraries(files, []string{line})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

func TestWhatAReleaseNeedsFromAHost(t *testing.T) {
	for name, c := range map[string]struct {
		files     []File
		glibc     string
		libraries []string
	}{
		"no ELF file":                   {[]File{regular("x")}, "", nil},
		"the newest of all files":       {[]File{needing("a", "2.4"), needing("b", "2.34"), needing("c", "2.9"), regular("x")}, "2.34", nil},
		"each library once":             {[]File{needing("a", "", "libz.so.1"), needing("b", "", "libc.so.6", "libz.so.1")}, "", []string{"libc.so.6", "libz.so.1"}},
		"its own library":               {[]File{needing("a", "", "libc.so.6", "libx.so"), regular("lib/x-1.0/priv/libx.so")}, "", []string{"libc.so.6"}},
		"its own by a link":             {[]File{needing("a", "", "libx.so.1"), regular("p/libx.so.1.2"), link("p/libx.so.1", "libx.so.1.2")}, "", nil},
		"a directory is no library":     {[]File{needing("a", "", "libx.so"), {Path: "p/libx.so", Kind: Dir}}, "", []string{"libx.so"}},
		"a path is not found by a name": {[]File{needing("a", "", "/opt/libx.so"), regular("p/libx.so")}, "", []string{"/opt/libx.so"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := manifest(c.files...)
			if got := m.NewestGlibc(); got != c.glibc {
				t.Errorf("glibc %q, want %q", got, c.glibc)
			}
			if got := m.Libraries(); !slices.Equal(got, c.libraries) {
				t.Errorf("libraries %q, want %q", got, c.libraries)
			}
		})
	}
}
