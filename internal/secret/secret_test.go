package secret

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestForms(t *testing.T) {
	const value = "p@ss/wörd \"#{x}\" 'a' <b>&c=\\d"
	forms := formsOf(value)
	for name, form := range map[string]string{
		"as it is":               value,
		"JSON":                   `p@ss/wörd \"#{x}\" 'a' <b>&c=\\d`,
		"JSON for HTML":          `p@ss/wörd \"#{x}\" 'a' \u003cb\u003e\u0026c=\\d`,
		"JSON of Jason":          `p@ss\/wörd \"#{x}\" 'a' \u003Cb\u003E\u0026c=\\d`,
		"JSON in ASCII":          `p@ss/w\u00f6rd \"#{x}\" 'a' <b>&c=\\d`,
		"inspect/1":              `p@ss/wörd \"\#{x}\" 'a' <b>&c=\\d`,
		"inspect/1 of a list":    `p@ss/wörd "\#{x}" \'a\' <b>&c=\\d`,
		"Erlang's ~p":            `p@ss/wörd \"#{x}\" 'a' <b>&c=\\d`,
		"Go's %q":                `p@ss/wörd \"#{x}\" 'a' <b>&c=\\d`,
		"a binary":               "112, 64, 115, 115, 47, 119, 195, 182, 114, 100, 32, 34, 35, 123, 120, 125, 34, 32, 39, 97, 39, 32, 60, 98, 62, 38, 99, 61, 92, 100",
		"a binary in Erlang":     "112,64,115,115,47,119,195,182,114,100,32,34,35,123,120,125,34,32,39,97,39,32,60,98,62,38,99,61,92,100",
		"a list of characters":   "112, 64, 115, 115, 47, 119, 246, 114, 100, 32, 34, 35, 123, 120, 125, 34, 32, 39, 97, 39, 32, 60, 98, 62, 38, 99, 61, 92, 100",
		"url.QueryEscape":        "p%40ss%2Fw%C3%B6rd+%22%23%7Bx%7D%22+%27a%27+%3Cb%3E%26c%3D%5Cd",
		"url.PathEscape":         "p@ss%2Fw%C3%B6rd%20%22%23%7Bx%7D%22%20%27a%27%20%3Cb%3E&c=%5Cd",
		"url.UserPassword":       "p%40ss%2Fw%C3%B6rd%20%22%23%7Bx%7D%22%20%27a%27%20%3Cb%3E&c=%5Cd",
		"encodeURIComponent":     "p%40ss%2Fw%C3%B6rd%20%22%23%7Bx%7D%22%20'a'%20%3Cb%3E%26c%3D%5Cd",
		"URI.encode":             "p@ss/w%C3%B6rd%20%22#%7Bx%7D%22%20'a'%20%3Cb%3E&c=%5Cd",
		"in a URL, small digits": "p%40ss%2fw%c3%b6rd%20%22%23%7bx%7d%22%20%27a%27%20%3cb%3e%26c%3d%5cd",
		"HTML":                   "p@ss/wörd &#34;#{x}&#34; &#39;a&#39; &lt;b&gt;&amp;c=\\d",
		"a shell's word":         `p@ss/wörd "#{x}" '\''a'\'' <b>&c=\d`,
		"base64":                 "cEBzcy93w7ZyZCAiI3t4fSIgJ2EnIDxiPiZjPVxk",
	} {
		if !slices.Contains(forms, form) {
			t.Errorf("%s is missing: %s", name, form)
		}
	}
}

func TestControlCharactersOfAValue(t *testing.T) {
	forms := formsOf("a\nb\tc\x1bd\u20ace\U0001f600")
	for name, form := range map[string]string{
		"JSON":          `a\nb\tc\u001bd€e😀`,
		"JSON in ASCII": `a\nb\tc\u001bd\u20ace\ud83d\ude00`,
		"JSON of Jason": `a\nb\tc\u001Bd\u20ACe\uD83D\uDE00`,
		"inspect/1":     `a\nb\tc\ed€e😀`,
		"in a log":      "a\nb\tcd€e😀",
	} {
		if !slices.Contains(forms, form) {
			t.Errorf("%s is missing: %s", name, form)
		}
	}
}

const pem = "-----BEGIN KEY-----\r\nfirst-line-of-it\r\n  second-line+/=  \r\nseven77\r\n-----END KEY-----\r\n"

func TestWhatIsHidden(t *testing.T) {
	for name, c := range map[string]struct{ secret, text, want string }{
		"nothing":                             {"", "text", "text"},
		"white space":                         {" \n\t\n", "text \n\t\n.", "text \n\t\n."},
		"3 characters":                        {"abc", "abc", "abc"},
		"3 characters in more bytes":          {"☃☃☃", "☃☃☃", "☃☃☃"},
		"4 characters":                        {"1234", "PIN 1234.", "PIN ***."},
		"the space around does not count":     {"  1234\r\n", "PIN 1234.", "PIN ***."},
		"lines of 7 and 8":                    {"1234567\n12345678", "1234567 12345678", "1234567 ***"},
		"all lines together, as they were":    {pem, "x" + pem + "y", "x***\r\ny"},
		"with other line breaks":              {"one\r\ntwo", "x one\ntwo", "x ***"},
		"a line by itself":                    {pem, "> second-line+/= <", "> *** <"},
		"all in JSON":                         {"one\ntwo", `{"x":"one\ntwo"}`, `{"x":"***"}`},
		"twice":                               {"hunter2", "hunter2hunter2 hunter2", "*** ***"},
		"one in another":                      {"12344321\n1234", "12344321", "***"},
		"a URL's password":                    {"ecto://shop:hunter2@db/shop", "password hunter2 of shop@db", "password *** of shop@db"},
		"a URL's password, decoded":           {"ecto://shop:hunt%40er@db/shop", "hunt@er", "***"},
		"a URL's password, in base64":         {"ecto://shop:hunter2@db/shop", "aHVudGVyMg==", "***"},
		"a password with an @":                {"ecto://shop:hunt@er@db", "hunt@er", "***"},
		"a URL among others":                  {"ecto://shop:hunter2@db ecto://shop:hunter3@db", "hunter3", "***"},
		"a URL's password of 3":               {"ecto://shop:abc@db", "abc", "abc"},
		"a URL without a password":            {"https://shop.example.com:4000/x@y", "4000 x@y", "4000 x@y"},
		"a control character, and without it": {"pass\x07word", "pass\x07word password", "*** ***"},
	} {
		if got := New([]string{c.secret}, nil).Hide(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSecretsThatOverlapLeaveNothing(t *testing.T) {
	for _, secrets := range [][]string{{"hunter", "hunter2-long", "r2-longer"}, {"r2-longer", "hunter2-long", "hunter"}} {
		if got := New(secrets, nil).Hide("a hunter2-longer hunter3 r2-longer"); got != "a *** ***3 ***" {
			t.Errorf("%q", got)
		}
	}
}

func TestNamesAreNotHidden(t *testing.T) {
	s := New(
		[]string{"web1.example.com", "example.com", "apxr_io", "/opt/apxr", "hunter2", "https://shop:secret@web1.example.com"},
		[]string{"web1.example.com", "apxr_io", "/opt/apxr/apxr_io", "web1", "deploy@web1.example.com:22"},
	)
	for text, want := range map[string]string{
		"web1.example.com: apxr_io in /opt/apxr/apxr_io": "web1.example.com: apxr_io in /opt/apxr/apxr_io",
		"example.com":                                 "***", // it is not one, and only a part of one
		"web2.example.com /opt/apxr/other":            "web2.*** ***/other",
		"web1.example.com example.com hunter2":        "web1.example.com *** ***",
		"deploy@web1.example.com:22":                  "deploy@web1.example.com:22",
		"secret https://shop:secret@web1.example.com": "*** ***",
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		var pieces strings.Builder
		w := s.Writer(&pieces)
		for _, c := range text {
			w.Write([]byte(string(c)))
		}
		if w.Close(); pieces.String() != want {
			t.Errorf("%q in pieces becomes %q, want %q", text, pieces.String(), want)
		}
	}
}

func TestTextThatWasCut(t *testing.T) {
	s := New([]string{"correct-horse-battery", "a-long-first-line\nshort\na-long-third-line"}, nil)
	for text, want := range map[string]string{
		"x correct-horse-battery y":        "x *** y",
		"x correct-hor":                    "x ***",
		"x correct-ho":                     "x correct-ho", // less than half
		"x correct-hor y":                  "x correct-hor y",
		"e-battery x":                      "e-battery x",
		"se-battery x":                     "se-battery x",
		"rse-battery x":                    "*** x",
		"x correct-horse...":               "x ***...",
		"x correct-horse…":                 "x ***…",
		"x correct-horse [...]":            "x *** [...]",
		"x correct-horse (truncated)":      "x *** (truncated)",
		"x correct-horse\ufffd":            "x ***\ufffd",
		`x "correct-horse" <> ...`:         `x "***" <> ...`,
		`x "correct-horse"...`:             `x "***"...`,
		`...horse-battery" x`:              `...***" x`,
		"app[7]: horse-battery x":          "app[7]: *** x",
		"one correct-hors\nhorse-battery":  "one ***\n***",
		"Y29ycmVjdC1ob3JzZS1i":             "***",
		"x a-long-fir":                     "x ***",
		"first-line\nshort\na-long-third-": "***\nshort\n***",
	} {
		if got := s.HideCut(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := New([]string{"hunter"}, nil).HideCut("hun hunt"); got != "hun ***" {
		t.Errorf("%q: less than 4 characters are nothing", got)
	}
	if got := s.HideAny([]string{"x correct-horse", "y"}); !slices.Equal(got, []string{"x ***", "y"}) {
		t.Errorf("%q", got)
	}
}

func TestJSONRemainsValid(t *testing.T) {
	s := New([]string{"600000", `":"ok`, "host", `a"b\c/`}, nil)
	const text = `{"host": "x", "y":"ok", "bytes": 600000, "n": -1.5e+3, "t": true, "s": ["a\"b\\c/", "host\n", 1600000], "z": {}}`
	const want = `{"host": "x", "y":"ok", "bytes": "***", "n": -1.5e+3, "t": true, "s": ["***", "***\n", "1***"], "z": {}}`
	if got := s.HideJSON(text); got != want || !json.Valid([]byte(got)) {
		t.Errorf("%s", got)
	}
	if got := (*Set)(nil).HideJSON(text); got != text {
		t.Errorf("%s", got)
	}
}

func TestNothingIsHiddenWithoutSecrets(t *testing.T) {
	for _, s := range []*Set{nil, {}, New(nil, nil), New([]string{"", "x"}, []string{"web1"})} {
		var b strings.Builder
		w := s.Writer(&b)
		if w.Write([]byte("text")); b.String() != "text" {
			t.Errorf("%q is kept back", w.text)
		}
		if s.Hide("text") != "text" || s.HideCut("text...") != "text..." {
			t.Error("something is hidden")
		}
	}
}

// written returns what a writer has passed on after each write, and at its end.
func written(s *Set, parts ...string) []string {
	var b strings.Builder
	var all []string
	w := s.Writer(&b)
	for _, part := range parts {
		w.Write([]byte(part))
		all = append(all, b.String())
	}
	w.Close()
	return append(all, b.String())
}

func TestAWriterKeepsBackOnlyWhatCanBeASecret(t *testing.T) {
	s := New([]string{"hunter2-long", "2-longer"}, nil)
	for _, c := range [][]string{
		{"a line\n", "a line\n", "a line\n"},
		{"a hunter", "2-lo", "ng b", "a ", "a ", "a *** b", "a *** b"},
		{"a hunter2-lo", "st", "a ", "a hunter2-lost", "a hunter2-lost"},
		{"a hunter", "a ", "a hunter"},
		{"a hunter2-long", "er b", "a ***", "a *** b", "a *** b"},
		{"a hunter2-long", "est", "a ***", "a ***est", "a ***est"},
		{"h", "", "h"},
	} {
		n := (len(c) - 1) / 2
		if got := written(s, c[:n]...); !slices.Equal(got, c[n:]) {
			t.Errorf("%q: %q, want %q", c[:n], got, c[n:])
		}
	}
}
