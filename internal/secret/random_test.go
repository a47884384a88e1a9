package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// encodings are the ways in which the tests print a secret. They have their own
// code, mostly the standard library's.
var encodings = map[string]func(r *rand.Rand, value string) (before, form, after string){
	"plain": func(_ *rand.Rand, v string) (string, string, string) { return "", v, "" },
	"JSON":  func(_ *rand.Rand, v string) (string, string, string) { return `{"x":"`, inJSON(v), `"}` },
	"JSON for a person": func(_ *rand.Rand, v string) (string, string, string) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.Encode(v)
		return `["`, strings.Trim(b.String(), "\n")[1 : b.Len()-2], `"]`
	},
	"inspected": func(_ *rand.Rand, v string) (string, string, string) { return `"`, inspected(v), `"` },
	"a binary": func(_ *rand.Rand, v string) (string, string, string) {
		return "<<", strings.ReplaceAll(strings.Trim(fmt.Sprint([]byte(v)), "[]"), " ", ", "), ">>"
	},
	"quoted": func(_ *rand.Rand, v string) (string, string, string) {
		return `"`, strconv.Quote(v)[1 : len(strconv.Quote(v))-1], `"`
	},
	"a query": func(_ *rand.Rand, v string) (string, string, string) { return "?x=", url.QueryEscape(v), "&" },
	"a path":  func(_ *rand.Rand, v string) (string, string, string) { return "/", url.PathEscape(v), "/" },
	"a user's": func(_ *rand.Rand, v string) (string, string, string) {
		return "//", strings.TrimPrefix(url.UserPassword("", v).String(), ":"), "@"
	},
	"HTML": func(_ *rand.Rand, v string) (string, string, string) { return "<", html.EscapeString(v), ">" },
	"base64": func(r *rand.Rand, v string) (string, string, string) {
		return within(r, v, []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding}[r.IntN(4)])
	},
}

func inJSON(v string) string {
	text, _ := json.Marshal(v)
	return string(text[1 : len(text)-1])
}

// inspected escapes as inspect/1 does.
func inspected(v string) string {
	var b strings.Builder
	for i, c := range v {
		switch {
		case c == '"' || c == '\\', c == '#' && strings.HasPrefix(v[i:], "#{"):
			b.WriteString(`\` + string(c))
		case c == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// within returns a value in base64 in the middle of other bytes. The characters
// that it shares with them belong to them.
func within(r *rand.Rand, v string, encoding *base64.Encoding) (before, form, after string) {
	data := append(random(r, r.IntN(10)), v...)
	data = append(data, 0xff) // else the next character may be the same as if nothing followed
	text := encoding.EncodeToString(append(data, random(r, r.IntN(9))...))
	data = data[:len(data)-1]
	from, to := ((len(data)-len(v))*8+5)/6, len(data)*8/6
	return text[:from], text[from:to], text[to:]
}

func random(r *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

var alphabets = [][]rune{
	[]rune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
	[]rune("abcdef0123456789"),
	[]rune("abcXYZ019 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
	[]rune("abcXYZ019 #{}\"\\\näöß€☃😀漢字"),
}

// value makes a secret that is long enough for chance to play no role.
func value(r *rand.Rand) string {
	n := 8 + r.IntN(40)
	if r.IntN(10) == 0 {
		n = 400 + r.IntN(3000)
	}
	letters := alphabets[r.IntN(len(alphabets))]
	var b strings.Builder
	b.WriteRune(letters[r.IntN(6)])
	for range n {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String() + "x"
}

// a case of the property test: a text with some secrets in it.
type sample struct {
	set           *Set
	text, want    string
	before, after string // around the last secret
	form, how     string // the last secret, and how it is printed
}

func take(r *rand.Rand) sample {
	var secrets []string
	for range 1 + r.IntN(5) {
		secrets = append(secrets, value(r))
	}
	s := sample{set: New(secrets, nil)}
	for range 1 + r.IntN(4) {
		var names []string
		for name := range encodings {
			names = append(names, name)
		}
		s.how = names[r.IntN(len(names))]
		before, form, after := encodings[s.how](r, secrets[r.IntN(len(secrets))])
		s.before, s.form, s.after = s.text+noise(r)+before, form, after+noise(r)
		s.want += s.before[len(s.text):] + mask + s.after
		s.text = s.before + s.form + s.after
	}
	return s
}

// noise is text without a secret, with what secrets begin with.
func noise(r *rand.Rand) string {
	words := []string{" ", "\n", " ab", " YW", " 97, ", "<>", " ☃ ", " \\u", " %", "\t", " line\n"}
	text := " "
	for range r.IntN(8) {
		text += words[r.IntN(len(words))]
	}
	return text + " "
}

// writes is what a writer makes of a text in random pieces.
func writes(r *rand.Rand, s *Set, text string) string {
	var b strings.Builder
	w := s.Writer(&b)
	most := 1 + r.IntN(600)
	for len(text) > 0 {
		n := min(1+r.IntN(most), len(text))
		w.Write([]byte(text[:n]))
		if len(w.text)-w.done >= longest {
			panic(fmt.Sprintf("%d bytes are kept back", len(w.text)-w.done))
		}
		text = text[n:]
	}
	w.Close()
	return b.String()
}

const rounds = 500

func TestNoFormOfASecretPasses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		s := take(r)
		if got := s.set.Hide(s.text); got != s.want {
			t.Fatalf("%s %q: %q becomes %q, want %q", s.how, s.form, s.text, got, s.want)
		}
		if got := writes(r, s.set, s.text); got != s.want {
			t.Fatalf("%s in pieces: %q becomes %q, want %q", s.how, s.text, got, s.want)
		}
		if got := s.set.HideCut(s.text); strings.Contains(got, s.form) {
			t.Fatalf("%s: %q becomes %q", s.how, s.text, got)
		}
	}
}

// Of a secret at a cut no more passes than less than half of it.
func TestNoHalfOfASecretPassesAtACut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range rounds {
		s := take(r)
		if strings.Contains(s.form, "\n") {
			continue // then the cuts are at its lines
		}
		half := (len(s.form) + 1) / 2
		n := half + r.IntN(len(s.form)-half)
		ending := s.before + s.form[:n] + []string{"", "...", " [...]", "\n", "…"}[r.IntN(5)]
		if got := s.set.HideCut(ending); strings.Contains(got, s.form[:half]) || strings.Contains(got, s.form[n-half:n]) {
			t.Fatalf("%s: %d of %d bytes of %q: %q becomes %q", s.how, n, len(s.form), s.form, ending, got)
		}
		beginning := []string{"", "...", "app[7]: ", "x\n"}[r.IntN(4)] + s.form[len(s.form)-n:] + s.after
		if got := s.set.HideCut(beginning); strings.Contains(got, s.form[len(s.form)-half:]) || strings.Contains(got, s.form[len(s.form)-n:][:half]) {
			t.Fatalf("%s: the last %d of %d bytes of %q: %q becomes %q", s.how, n, len(s.form), s.form, beginning, got)
		}
	}
}

func BenchmarkLog(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var secrets []string
	for range 100 {
		secrets = append(secrets, value(r))
	}
	set := New(secrets, []string{"web1.example.com"})
	line := "2024-01-02T03:04:05+0000 web1.example.com app[7]: [info] GET /articles/120, 97 in 12ms, request_id=F5x1aBcD x=eGF\n"
	text := strings.Repeat(line, 10000)
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			set.Hide(text)
		}
	})
	b.Run("lines", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		w := set.Writer(new(bytes.Buffer))
		for b.Loop() {
			w.w.(*bytes.Buffer).Reset()
			w.Write([]byte(line))
		}
	})
	b.Run("blocks of 32 KiB", func(b *testing.B) {
		b.SetBytes(32 << 10)
		w := set.Writer(new(bytes.Buffer))
		for b.Loop() {
			w.w.(*bytes.Buffer).Reset()
			w.Write([]byte(text[:32<<10]))
		}
	})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			New(secrets, nil)
		}
	})
}
