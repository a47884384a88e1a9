package release

import (
	"math"
	"strings"
	"testing"
)

func TestEveryTextOfAManifestIsOneBoundedLine(t *testing.T) {
	fields := map[string]struct {
		of   func(*Manifest) *string
		most int // bytes; 0 if only values of a fixed form are valid
	}{
		"org":                  {func(m *Manifest) *string { return &m.Org }, 0},
		"app":                  {func(m *Manifest) *string { return &m.App }, 0},
		"release":              {func(m *Manifest) *string { return &m.Release }, 255},
		"version":              {func(m *Manifest) *string { return &m.Version }, 512},
		"revision":             {func(m *Manifest) *string { return &m.Revision }, 0},
		"ref":                  {func(m *Manifest) *string { return &m.Ref }, 1024},
		"repository":           {func(m *Manifest) *string { return &m.Repository }, 1024},
		"os":                   {func(m *Manifest) *string { return &m.OS }, 512},
		"arch":                 {func(m *Manifest) *string { return &m.Arch }, 512},
		"libc":                 {func(m *Manifest) *string { return &m.Libc }, 512},
		"kernel":               {func(m *Manifest) *string { return &m.Kernel }, 512},
		"erts":                 {func(m *Manifest) *string { return &m.ERTS }, 512},
		"elixir":               {func(m *Manifest) *string { return &m.Elixir }, 512},
		"otp":                  {func(m *Manifest) *string { return &m.OTP }, 512},
		"mix_lock_sha256":      {func(m *Manifest) *string { return &m.MixLock }, 0},
		"tool_versions_sha256": {func(m *Manifest) *string { return &m.ToolVersions }, 0},
		"tools":                {func(m *Manifest) *string { return &m.Tools }, 4096},
	}
	for name, field := range fields {
		t.Run(name, func(t *testing.T) {
			try := func(value, want string) {
				t.Helper()
				m := manifest(regular("x"))
				*field.of(&m) = value
				wantError(t, m.Validate(), want)
				if want != "" {
					wantHeadRefused(t, m)
				}
			}
			for _, hostile := range []string{"a\nb", "a\n", "\x00", "a\tb", "\x1b[2J", "\x7f", "a\u0085b", "a\u2028b", "a\u2029b", "a\xffb"} {
				try(hostile, "manifest: "+name+" ")
			}
			if field.most > 0 {
				try(strings.Repeat("a", field.most), "")
				try(strings.Repeat("a", field.most+1), "manifest: "+name+" has")
			} else {
				try(strings.Repeat("a", 10_000), "manifest: "+name+" has")
			}
		})
	}
}

func wantHeadRefused(t *testing.T, m Manifest) {
	t.Helper()
	data, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(data), `"files"`)
	got, err := ParseManifestHead(head, App{m.Org, m.App}, m.ReleaseID)
	if err == nil && !strings.Contains(string(data), `\ufffd`) { // JSON replaces invalid UTF-8
		t.Errorf("the head was accepted: %+v", got)
	}
}

func TestWhatIdentifiesARelease(t *testing.T) {
	hex := func(n int) string { return strings.Repeat("a", n) }
	for name, c := range map[string]struct {
		change func(*Manifest)
		want   string // empty if it is valid
	}{
		"as a build writes it":         {func(*Manifest) {}, ""},
		"SHA-256 revision":             {func(m *Manifest) { m.Revision = hex(64) }, ""},
		"no revision":                  {func(m *Manifest) { m.Revision = "" }, ""},
		"digests":                      {func(m *Manifest) { m.MixLock, m.ToolVersions = hex(64), hex(64) }, ""},
		"text of any language":         {func(m *Manifest) { m.Ref, m.Version = "refs/heads/größe-☃", "1.0 β" }, ""},
		"a short revision":             {func(m *Manifest) { m.Revision = hex(12) }, "not a full commit ID"},
		"a revision between the two":   {func(m *Manifest) { m.Revision = hex(50) }, "not a full commit ID"},
		"a revision in capitals":       {func(m *Manifest) { m.Revision = strings.Repeat("A", 40) }, "not a full commit ID"},
		"a branch as the revision":     {func(m *Manifest) { m.Revision = "main" }, "not a full commit ID"},
		"an option as the revision":    {func(m *Manifest) { m.Revision = "--output=/etc/passwd" }, "not a full commit ID"},
		"a short digest":               {func(m *Manifest) { m.MixLock = hex(63) }, "not a SHA-256"},
		"a digest in capitals":         {func(m *Manifest) { m.ToolVersions = strings.Repeat("A", 64) }, "not a SHA-256"},
		"no organization":              {func(m *Manifest) { m.Org = "" }, "not a valid name of an organization"},
		"a path as the organization":   {func(m *Manifest) { m.Org = "../x" }, "not a valid name of an organization"},
		"a path as the application":    {func(m *Manifest) { m.App = "a/b" }, "not a valid name of an organization or an application"},
		"capitals in the application":  {func(m *Manifest) { m.App = "Apxr" }, "not a valid name of an organization or an application"},
		"a path as the release's ID":   {func(m *Manifest) { m.ReleaseID = "../x" }, `release ID "../x"`},
		"a release ID of a line break": {func(m *Manifest) { m.ReleaseID += "\n" }, "is not a UTC time stamp"},
	} {
		t.Run(name, func(t *testing.T) {
			m := manifest(regular("x"))
			c.change(&m)
			wantError(t, m.Validate(), c.want)
		})
	}
}

func TestFilesOfAHostileManifest(t *testing.T) {
	sized := func(path string, size int64) File { f := regular(path); f.Size = size; return f }
	long := strings.Repeat("n", 255)
	deep := strings.TrimSuffix(strings.Repeat(long+"/", 15), "/") // 3839 bytes
	for name, c := range map[string]struct {
		files []File
		want  string // empty if it is valid
	}{
		"a chain of links inside":         {[]File{link("a", "b"), link("b", "c/d"), link("c/d", "../e")}, ""},
		"links in a circle":               {[]File{link("a", "b"), link("b", "a")}, ""},
		"a chain to the parent":           {[]File{link("a", "b"), link("b", "..")}, `link "b" leaves the release`},
		"a chain to the parent of a dir":  {[]File{link("a", "d/b"), link("d/b", "../..")}, `link "d/b" leaves the release`},
		"up again through a link":         {[]File{{Path: "d", Kind: Dir}, link("d/e", "../f"), link("x", "d/e/../..")}, "plain relative path"},
		"up again through a directory":    {[]File{{Path: "d", Kind: Dir}, link("x", "d/../y")}, "plain relative path"},
		"up again at the end":             {[]File{link("x", "d/..")}, "plain relative path"},
		"up again behind a dot":           {[]File{link("x", "./d/./..")}, "plain relative path"},
		"up again behind two slashes":     {[]File{link("x", "d//..")}, "plain relative path"},
		"a name of Slipway's own":         {[]File{{Path: ".slipway.patch", Kind: Regular, SHA256: sum}}, `".slipway.patch": a name at the top of a release that begins with .slipway. is Slipway's own: give the file another one`},
		"a link to the tree itself":       {[]File{link("d/x", "..")}, "leaves the release"},
		"a file behind a chain of links":  {[]File{link("a", "b"), link("b", "c"), regular("a/x")}, `"a/x" is below the link "a"`},
		"a link behind a link to a dir":   {[]File{{Path: "d", Kind: Dir}, link("a", "d"), link("a/b", "../..")}, `"a/b" is below the link "a"`},
		"a directory behind a link":       {[]File{link("a", "d"), {Path: "a/b", Kind: Dir}}, `"a/b" is below the link "a"`},
		"the link comes after the file":   {[]File{regular("a/x"), link("a", "b")}, `"a/x" is below the link "a"`},
		"a file behind a file":            {[]File{regular("a"), regular("a/x")}, `"a/x" is below the file "a"`},
		"an absolute target":              {[]File{link("a", "/")}, "plain relative path: copy what it leads to into the release"},
		"a home directory is only a name": {[]File{link("a", "~/x"), regular("~/x")}, ""},
		"setgid":                          {[]File{{Path: "x", Kind: Regular, Mode: 0o2755, SHA256: sum}}, "setuid, setgid and sticky files are refused. Take the bit off"},
		"a mode of a whole stat":          {[]File{{Path: "x", Kind: Regular, Mode: 0o100644, SHA256: sum}}, "setuid, setgid and sticky files are refused. Take the bit off"},
		"a device":                        {[]File{{Path: "x", Kind: "char"}}, `"x" is a "char"`},
		"a kind in capitals":              {[]File{{Path: "x", Kind: "FILE", SHA256: sum}}, `is a "FILE"`},
		"a kind with a line break":        {[]File{{Path: "x", Kind: "file\n", SHA256: sum}}, `is a "file\n"`},
		"a link twice":                    {[]File{link("x", "a"), link("x", "b")}, `"x" is listed twice`},
		"a name of 255 bytes":             {[]File{regular(long), link("l", long)}, ""},
		"a name of 256 bytes":             {[]File{regular(long + "n")}, "longer than 255"},
		"a name of 256 bytes inside":      {[]File{regular("a/" + long + "n/b")}, "longer than 255"},
		"a target of 256 bytes":           {[]File{link("l", long+"n")}, "longer than 255"},
		"a name of 10 kB":                 {[]File{regular(strings.Repeat("n", 10_000))}, "longer than 255"},
		"a path of 4096 bytes":            {[]File{regular(deep + "/" + long[1:] + "/n")}, ""},
		"a path of 4097 bytes":            {[]File{regular(deep + "/" + long[1:] + "/nn")}, "longer than 4096"},
		"a target of 10 kB":               {[]File{link("l", strings.Repeat("../", 3_334))}, "longer than 4096"},
		"a need of 10 kB":                 {[]File{needing("x", "", strings.Repeat("n", 10_000))}, "not a plain name of a shared library"},
		"a name that is no UTF-8":         {[]File{regular("a\xff")}, "not a plain path"},
		"a target that is no UTF-8":       {[]File{link("a", "b\xff")}, "plain relative path"},
		"a name for an 8-bit terminal":    {[]File{regular("a\u009b2J")}, "not a plain path"},
		"NUL in a name":                   {[]File{regular("a\x00b")}, "not a plain path"},
		"a size below nothing":            {[]File{sized("x", -1)}, "no release can have"},
		"sizes beyond all numbers":        {[]File{sized("x", math.MaxInt64), sized("y", 1)}, `"y" has size 1`},
		"the size of a directory counts":  {[]File{{Path: "d", Kind: Dir, Size: -5}, sized("x", 9)}, "no release can have"},
	} {
		t.Run(name, func(t *testing.T) {
			err := manifest(c.files...).Validate()
			wantError(t, err, c.want)
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAManifestHeadIsJudgedLikeTheWhole(t *testing.T) {
	app, id := App{"apxr", "apxr_io"}, ID("20171114T072116")
	for name, c := range map[string]struct{ head, want string }{
		"good":                  {`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "apxr_io", "version": "1",`, ""},
		"two mistakes":          {`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "apxr_io", "version": "a\nb", "ref": "\u001b",`, "ref"},
		"another artifact's":    {`{"format": 1, "release_id": "20171114T072117", "org": "apxr", "app": "apxr_io",`, "its manifest is that of"},
		"a path for the app":    {`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "../x",`, "not a valid name"},
		"another format":        {`{"format": 2, "version": "\n",`, "format 2"},
		"a release to traverse": {`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "apxr_io", "release": "../x",`, "bin/NAME"},
		"files all the same":    {`{"format": 1, "release_id": "20171114T072116", "org": "apxr", "app": "apxr_io", "files": [{"path": "/etc"}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseManifestHead(c.head, app, id)
			wantError(t, err, c.want)
			if m.Files != nil || err != nil && m.Format != 0 {
				t.Errorf("%+v", m)
			}
		})
	}
}
