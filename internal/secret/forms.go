package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Shorter texts are not hidden: they are words and numbers that occur in any log,
// and *** in many places would give them away. A whole secret may be shorter than
// a line of one, since a person chose it and it may be a PIN. A single short line
// of a key is useless without the others.
const (
	shortest     = 4
	shortestLine = 8
)

// userinfo matches what is before the host in a URL. A password may contain an @
// that should have been escaped.
var userinfo = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#:@"'<>]*):([^\s"'<>]*)@`)

// valuesOf returns the values that a secret has in itself: the whole of it, its
// lines, and passwords of URLs.
func valuesOf(secret string) (values []string) {
	secret = strings.TrimSpace(secret)
	add := func(value string, least int) {
		if value = strings.TrimSpace(value); utf8.RuneCountInString(value) >= least {
			values = append(values, value)
		}
	}
	add(secret, shortest)
	add(strings.ReplaceAll(secret, "\r\n", "\n"), shortest)
	if strings.Contains(secret, "\n") {
		for line := range strings.Lines(secret) {
			add(line, shortestLine)
		}
	}
	for _, match := range userinfo.FindAllStringSubmatch(secret, -1) {
		add(match[2], shortest)
		if plain, err := url.PathUnescape(match[2]); err == nil {
			add(plain, shortest)
		}
	}
	return values
}

// formsOf returns a value as programs print it.
func formsOf(value string) []string {
	forms := slices.Concat(
		[]string{value}, lists(value),
		base64s(value, base64.RawStdEncoding), base64s(value, base64.RawURLEncoding),
	)
	if strings.TrimLeft(value, neverEscaped) == "" {
		return forms
	}
	forms = slices.Concat(
		forms, []string{strings.ReplaceAll(value, "'", `'\''`)},
		jsons(value), inspections(value), urls(value), pages(value),
	)
	if Visible(value) == value {
		return forms
	}
	for _, form := range forms { // a log shows no control characters
		forms = append(forms, Visible(form))
	}
	return forms
}

// neverEscaped are the characters that no function escapes.
const neverEscaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

var unicodeEscape = regexp.MustCompile(`\\u[0-9a-f]{4}`)

// jsons returns the value in a JSON string: libraries differ in what else than
// quotes and backslashes they escape.
func jsons(value string) (forms []string) {
	var b bytes.Buffer
	for _, escapeHTML := range []bool{false, true} {
		b.Reset()
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(escapeHTML)
		if err := e.Encode(value); err != nil { // a string always has a form in JSON
			panic(err)
		}
		text := strings.TrimSpace(b.String())
		text = text[1 : len(text)-1]
		forms = append(forms, text, ascii(text))
	}
	for _, form := range distinct(forms) {
		forms = append(forms, strings.ReplaceAll(form, "/", `\/`))
	}
	forms = distinct(forms)
	for _, form := range forms {
		if strings.Contains(form, `\u`) {
			forms = append(forms, unicodeEscape.ReplaceAllStringFunc(form, func(s string) string { return `\u` + strings.ToUpper(s[2:]) }))
		}
	}
	return forms
}

// ascii escapes all other characters as JSON does.
func ascii(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

var (
	inElixir = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "#{", `\#{`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, "\b", `\b`, "\f", `\f`, "\a", `\a`, "\x1b", `\e`, "\x7f", `\d`)
	inList   = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "#{", `\#{`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, "\b", `\b`, "\f", `\f`, "\a", `\a`, "\x1b", `\e`, "\x7f", `\d`)
	inErlang = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, "\b", `\b`, "\f", `\f`, "\x1b", `\e`, "\x7f", `\d`)
)

// inspections returns the value as Elixir, Erlang and Go show it in quotes.
func inspections(value string) []string {
	quoted, plain := strconv.Quote(value), strconv.QuoteToASCII(value)
	return []string{
		inElixir.Replace(value), inList.Replace(value), inErlang.Replace(value),
		quoted[1 : len(quoted)-1], plain[1 : len(plain)-1],
	}
}

// lists returns the value as Elixir and Erlang show binaries and lists of
// characters that they do not take for text.
func lists(value string) (forms []string) {
	var octets, runes []byte
	for _, b := range []byte(value) {
		octets = append(strconv.AppendInt(octets, int64(b), 10), ", "...)
	}
	for _, r := range value {
		runes = append(strconv.AppendInt(runes, int64(r), 10), ", "...)
	}
	for _, numbers := range distinct([]string{string(octets), string(runes)}) {
		numbers = strings.TrimSuffix(numbers, ", ")
		forms = append(forms, numbers, strings.ReplaceAll(numbers, ", ", ","))
	}
	return forms
}

// keeps has the characters, besides letters and digits, that functions for URLs
// leave as they are: those for a component, a path, a user and a whole URL.
var keeps = []string{"-_.~", "-_.", "-_.*", "-_.!~*'()", "-_.~$&+=:@", "-_.~$&+,;=", "-_.~:/?#[]@!$&'()*+,;=", "-_.!~*'();/?:@&=+$,#", "-_.~/"}

func urls(value string) (forms []string) {
	for _, keep := range keeps {
		for _, digits := range []string{"0123456789ABCDEF", "0123456789abcdef"} {
			form := percent(value, keep, digits)
			forms = append(forms, form, strings.ReplaceAll(form, "%20", "+"))
		}
	}
	return forms
}

func percent(value, keep, digits string) string {
	if strings.TrimLeft(value, neverEscaped+keep) == "" {
		return value
	}
	var b strings.Builder
	b.Grow(2 * len(value))
	for _, c := range []byte(value) {
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if isLetter || '0' <= c && c <= '9' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// pages returns the value as HTML has it.
func pages(value string) []string {
	numbers := html.EscapeString(value)
	return []string{numbers, strings.ReplaceAll(numbers, "&#34;", "&quot;")}
}

// base64s returns the value in base64: first on its own, then within other data,
// which it can begin at three alignments. Characters that it shares with that data
// are left out.
func base64s(value string, encoding *base64.Encoding) []string {
	forms := []string{encoding.EncodeToString([]byte(value)), encoding.WithPadding('=').EncodeToString([]byte(value))}
	for before := range 3 {
		data := append(make([]byte, before), value...)
		text := encoding.EncodeToString(data)
		forms = append(forms, text[(before*8+5)/6:len(data)*8/6])
	}
	return forms
}
