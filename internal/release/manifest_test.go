package release

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

var sum = strings.Repeat("ab", 32)

func regular(path string) File {
	return File{Path: path, Kind: Regular, Mode: 0o644, Size: 3, SHA256: sum}
}

func link(path, target string) File { return File{Path: path, Kind: Link, Target: target} }

func manifest(files ...File) Manifest {
	return Manifest{
		Format: ManifestFormat, ReleaseID: "20171114T072116", Org: "apxr", App: "apxr_io", Version: "0.1.0",
		Revision: strings.Repeat("c", 40), Repository: "git@github.com:apxr/apxr_io.git",
		BuiltAt: time.Date(2017, 11, 14, 7, 21, 16, 0, time.UTC), OS: "Linux", Arch: "x86_64", Files: files,
	}
}

func TestManifestValidation(t *testing.T) {
	setuid, sticky, noSum, badSum := regular("bin/x"), regular("bin/x"), regular("bin/x"), regular("bin/x")
	setuid.Mode = 0o4755
	sticky.Mode = 0o1644
	noSum.SHA256 = ""
	badSum.SHA256 = strings.Repeat("AB", 32)
	for name, c := range map[string]struct {
		files []File
		want  string // empty if it is valid
	}{
		"a plain tree":                       {[]File{{Path: "bin", Kind: Dir}, regular("bin/x"), link("cur", "bin/x")}, ""},
		"a link up and down inside":          {[]File{link("a/b/c", "../../lib/x")}, ""},
		"a link as ln -s ./x makes it":       {[]File{link("a/b", "./x")}, ""},
		"names with dots, blanks, non-ASCII": {[]File{regular("a/..b"), regular("..c"), regular("a b"), regular("ü☃")}, ""},
		"no files":                           {nil, "lists no files"},
		"parent":                             {[]File{regular("../x")}, "not a plain path"},
		"parent alone":                       {[]File{{Path: "..", Kind: Dir}}, "not a plain path"},
		"the tree itself":                    {[]File{{Path: ".", Kind: Dir}}, "not a plain path"},
		"parent inside":                      {[]File{regular("a/../../x")}, "not a plain path"},
		"absolute":                           {[]File{regular("/etc/passwd")}, "not a plain path"},
		"empty path":                         {[]File{regular("")}, "not a plain path"},
		"unclean path":                       {[]File{regular("a//b")}, "not a plain path"},
		"trailing slash":                     {[]File{{Path: "a/", Kind: Dir}}, "not a plain path"},
		"line break in a name":               {[]File{regular("a\nb")}, "not a plain path"},
		"carriage return in a name":          {[]File{regular("a\rb")}, "not a plain path"},
		"tab in a name":                      {[]File{regular("a\tb")}, "not a plain path"},
		"backslash in a name":                {[]File{regular(`a\b`)}, "not a plain path"},
		"through a link":                     {[]File{link("lib", "other"), regular("lib/x")}, `"lib/x" is below the link "lib"`},
		"through a link far above":           {[]File{regular("a/b/c/d"), link("a", "z")}, `"a/b/c/d" is below the link "a"`},
		"a link through a link":              {[]File{link("a", "z"), link("a/b", "c")}, "is below the link"},
		"link leaves":                        {[]File{link("lib", "../x")}, "leaves the release"},
		"link leaves from below":             {[]File{link("a/lib", "../../x")}, "leaves the release"},
		"link leaves by way of another link": {[]File{link("p/q/up", "../../z"), link("out", "p/q/up/../../x")}, "plain relative path"},
		"link climbs out of a directory ...": {[]File{link("out", ".../../x")}, "plain relative path"},
		"link to an absolute path":           {[]File{link("lib", "/etc/passwd")}, "plain relative path"},
		"link with a line break":             {[]File{link("lib", "a\nb")}, "plain relative path"},
		"link with a tab":                    {[]File{link("lib", "a\tb")}, "plain relative path"},
		"link to nothing":                    {[]File{link("a/lib", "")}, "plain relative path"},
		"setuid":                             {[]File{setuid}, "setuid"},
		"sticky":                             {[]File{sticky}, "setuid"},
		"no checksum":                        {[]File{noSum}, "no SHA-256"},
		"checksum in capitals":               {[]File{badSum}, "no SHA-256"},
		"twice":                              {[]File{regular("x"), regular("x")}, `"x" is listed twice`},
		"twice as another kind":              {[]File{regular("x"), {Path: "x", Kind: Dir}}, `"x" is listed twice`},
		"unknown kind":                       {[]File{{Path: "dev/null", Kind: "device"}}, "files, links and directories only"},
		"no kind":                            {[]File{{Path: "x"}}, "files, links and directories only"},
		"needs of an ELF file":               {[]File{needing("x", "2.2.5", "libc.so.6", "libstdc++.so.6", "/opt/a/b.so")}, ""},
		"a need with a blank":                {[]File{needing("x", "", "lib c.so")}, "not a plain name of a shared library"},
		"a need with a line break":           {[]File{needing("x", "", "libc.so\n")}, "not a plain name of a shared library"},
		"an empty need":                      {[]File{needing("x", "", "")}, "not a plain name of a shared library"},
		"a need that reads as an option":     {[]File{needing("x", "", "-v")}, "not a plain name of a shared library"},
		"glibc with its prefix":              {[]File{needing("x", "GLIBC_2.4")}, "not a version such as 2.34"},
		"glibc without a dot":                {[]File{needing("x", "2")}, "not a version such as 2.34"},
		"glibc with a line break":            {[]File{needing("x", "2.4\n")}, "not a version such as 2.34"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, manifest(c.files...).Validate(), c.want) })
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, but expected: %s", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("%q does not say %q", err, want)
	}
}

func TestManifestValidationReportsEverythingAtOnce(t *testing.T) {
	m := manifest(regular("../x"), regular("y"), regular("y"))
	m.Format, m.ReleaseID = 2, "yesterday"
	err := m.Validate()
	for _, want := range []string{"format 2; this Slipway knows format 1", `"yesterday"`, `"../x"`, `"y" is listed twice`} {
		wantError(t, err, want)
	}
}

func TestManifestSurvivesItsJSON(t *testing.T) {
	want := manifest(File{Path: "bin", Kind: Dir}, needing("bin/x", "2.34", "libc.so.6"), link("cur", "bin/x"))
	want.Kernel, want.Release = "6.1.0-18-amd64", "web"
	data, err := want.JSON()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseManifest(data)
	if err != nil || !reflect.DeepEqual(withoutText(got), want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if got.Size() != 3 {
		t.Errorf("size %d", got.Size())
	}
}

// withoutText returns a parsed manifest as a build has it.
func withoutText(m Manifest) Manifest {
	m.text = ""
	return m
}

func TestTheReleasesNameIsAFileInBin(t *testing.T) {
	for name, good := range map[string]bool{
		"": true, "web": true, "my_app": true, "My.App-2": true,
		".": false, "..": false, "a/b": false, "../x": false, "a b": false, "a\n": false, "-x": false, "$x": false,
	} {
		m := manifest(regular("x"))
		m.Release = name
		if err := m.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAManifestOfAnEarlierSlipwayStillParses(t *testing.T) {
	m, err := ParseManifest([]byte(`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "apxr_io",
		"version": "0.1.0", "os": "Linux", "arch": "x86_64", "libc": "glibc 2.36",
		"files": [{"path": "x", "kind": "file", "mode": 493, "size": 3, "sha256": "` + sum + `"}]}`))
	if err != nil || m.Release != "" || m.Kernel != "" || m.NewestGlibc() != "" || m.Libraries() != nil {
		t.Errorf("%v\n%+v", err, m)
	}
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"release", "kernel", "needs", "glibc"} {
		if strings.Contains(string(data), `"`+field+`"`) {
			t.Errorf("an unknown value is written:\n%s", data)
		}
	}
}

func TestParseManifestRefuses(t *testing.T) {
	bad := manifest(regular("/etc/passwd"))
	data, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "release", "another type": `{"files": 3}`, "an empty object": "{}", "an unsafe path": string(data),
	} {
		if _, err := ParseManifest([]byte(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestTheBranchOfARelease(t *testing.T) {
	for ref, want := range map[string]string{
		"": "", "refs/heads/main": "refs/heads/main", "refs/pull/7/merge": "refs/pull/7/merge", "refs/tags/v1": "",
		"main": "refs/heads/main", "feature/x": "refs/heads/feature/x", rev1: "",
	} {
		if got := (Manifest{Ref: ref, Revision: rev1}).Branch(); got != want {
			t.Errorf("%q: %q, want %q", ref, got, want)
		}
	}
}
