package build

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/progress"
)

// sample is an output of mix with the annotations that must be found in it.
type sample struct{ name, output, want string }

var sampleLine = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// samples reads testdata/diagnose. The first line of each file names its source.
func samples(t testing.TB) (all []sample) {
	files, err := filepath.Glob("testdata/diagnose/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		marks := sampleLine.FindAllSubmatchIndex(data, -1)
		for i, m := range marks {
			end := len(data)
			if i+1 < len(marks) {
				end = marks[i+1][0]
			}
			name, text := string(data[m[2]:m[3]]), string(data[m[1]:end])
			if name == "want" {
				all[len(all)-1].want = strings.TrimSpace(text)
			} else {
				all = append(all, sample{name: path.Base(file) + " " + name, output: text})
			}
		}
	}
	return all
}

// locateSample locates files of the projects that the samples come from.
func locateSample(app, file string) string {
	if rest, ok := strings.CutPrefix(file, "/tmp/p/"); ok {
		_, file, _ = strings.Cut(rest, "/")
	}
	switch {
	case app == "dep" || strings.HasPrefix(file, "deps/") || strings.HasPrefix(file, "/"):
		return ""
	case app == "one" || app == "two":
		return "apps/" + app + "/" + file
	}
	return file
}

// diagnose returns the annotations found in the pieces, one a line.
func diagnose(pieces ...string) string {
	var b strings.Builder
	d := newDiagnoser(locateSample, func(a progress.Annotation) {
		fmt.Fprintf(&b, "%s %s:%d:%d %s: %s\n", a.Severity, a.File, a.Line, a.Column, a.Title, strings.ReplaceAll(a.Message, "\n", `\n`))
	})
	for _, piece := range pieces {
		if n, err := d.Write([]byte(piece)); n != len(piece) || err != nil {
			panic(fmt.Sprint(n, err))
		}
	}
	if err := d.Close(); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func TestDiagnosticsBecomeAnnotations(t *testing.T) {
	for _, s := range samples(t) {
		if got := diagnose(s.output); got != s.want {
			t.Errorf("%s: got\n%s\nwant\n%s", s.name, got, s.want)
		}
	}
}

func TestDiagnosticsDoNotDependOnHowTheOutputIsCut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range samples(t) {
		for most := range 12 {
			var pieces []string
			for rest := s.output; rest != ""; {
				n := min(len(rest), 1+r.IntN(most+1))
				pieces = append(pieces, rest[:n])
				rest = rest[n:]
			}
			if got := diagnose(pieces...); got != s.want {
				t.Fatalf("%s, cut into %d pieces: got\n%s\nwant\n%s", s.name, len(pieces), got, s.want)
			}
		}
	}
}

// Overwritten text, such as a progress bar, is ignored. The compiler colours the
// gutter, heads and rulers.
func TestColoursAndCarriageReturnsDoNotMatter(t *testing.T) {
	coloured := regexp.MustCompile(`(?m)(warning:|error:|\d+ │|[│└]|^==>|\*\* |[~^]+$)`)
	begun := regexp.MustCompile(`(?m)^(.)`)
	for name, change := range map[string]func(string) string{
		"CRLF":        func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"overwritten": func(s string) string { return begun.ReplaceAllString(s, "10%\r 99%\r$1") },
		"spaces":      func(s string) string { return strings.ReplaceAll(s, "\n", "  \n") },
		"colours":     func(s string) string { return coloured.ReplaceAllString(s, "\x1b[1;33m$1\x1b[0m") },
		"titles":      func(s string) string { return strings.ReplaceAll("\n"+s, "\n", "\n\x1b]0;mix: x\x07\x1b]0;y\x1b\\") },
	} {
		for _, s := range samples(t) {
			if got := diagnose(change(s.output)); got != s.want {
				t.Errorf("%s, %s: got\n%s\nwant\n%s", name, s.name, got, s.want)
			}
		}
	}
}

func TestLocateGetsTheCurrentApplication(t *testing.T) {
	var asked []string
	d := newDiagnoser(func(app, file string) string {
		asked = append(asked, app+" "+file)
		return file
	}, func(progress.Annotation) {})
	fmt.Fprint(d, "warning: a\n  lib/a.ex:1\n==> one\nwarning: b\n  /src/lib/b.ex:1\n==> two\n** (E) mix.exs:1: c\n==> three\n")
	if want := []string{" lib/a.ex", "one /src/lib/b.ex", "two mix.exs"}; !slices.Equal(asked, want) {
		t.Errorf("%q", asked)
	}
}

func TestADiagnosticIsReportedAsSoonAsItEnds(t *testing.T) {
	found := 0
	d := newDiagnoser(locateSample, func(progress.Annotation) { found++ })
	for i, c := range []struct {
		piece string
		found int
	}{{"warning: a\n", 0}, {"  lib/a.ex:1\n", 0}, {"\n", 1}, {"warning: b\n  lib/a.ex:2", 1}, {"\n** (E)", 1}, {" x\n", 2}, {"warning: c\n  lib/a.ex:3", 2}} {
		fmt.Fprint(d, c.piece)
		if found != c.found {
			t.Errorf("%d after piece %d", found, i)
		}
	}
	if d.Close(); found != 3 {
		t.Errorf("%d at the end", found)
	}
}

// endless are outputs with a part that never ends.
var endless = map[string]struct{ head, body string }{
	"line":              {"", "x"},
	"line of a warning": {"warning: ", "é"},
	"text":              {"warning: a\n", "text\n"},
	"long lines":        {"warning: a\n", strings.Repeat("x", 9000) + "\n"},
	"places":            {"warning: a\nInvalid call found at 2 locations:\n", "  lib/a.ex:1\n"},
	"exception":         {"** (RuntimeError) a\n", "text\n"},
	"stack trace":       {"** (RuntimeError) a\n", "    mix.exs:1: (file)\n"},
	"source":            {"warning: a\n", "  1 │ x\n"},
}

func TestNothingThatNeverEndsFillsTheMemory(t *testing.T) {
	for name, c := range endless {
		d := newDiagnoser(locateSample, func(progress.Annotation) {})
		fmt.Fprint(d, c.head)
		for range 300 {
			fmt.Fprint(d, strings.Repeat(c.body, 1+4000/len(c.body)))
			if n := d.kept(); n > 64<<10 {
				t.Fatalf("%s: %d bytes are kept", name, n)
			}
		}
		d.Close()
	}
}

// kept returns roughly how many bytes a diagnoser holds.
func (d *diagnoser) kept() int {
	n := cap(d.line)
	if c := d.open; c != nil {
		n += 40 * len(c.places)
		for _, line := range c.text {
			n += len(line)
		}
	}
	return n
}

func TestTheNumberOfDiagnosticsIsBounded(t *testing.T) {
	var found []progress.Annotation
	d := newDiagnoser(locateSample, func(a progress.Annotation) { found = append(found, a) })
	for i := range maxDiagnostics + 50 {
		fmt.Fprintf(d, "warning: %d\n%s\n  lib/a.ex:%d\n\n", i, strings.Repeat(strings.Repeat("☃", 99)+"\n", 20), i+1)
	}
	if len(found) != maxDiagnostics || len(d.seen) != maxDiagnostics {
		t.Errorf("%d, %d kept", len(found), len(d.seen))
	}
	for _, a := range found {
		if len(a.Message) > maxMessage || strings.ToValidUTF8(a.Message, "") != a.Message {
			t.Fatalf("%d bytes: %q", len(a.Message), a.Message)
		}
	}
}

// FuzzDiagnoser checks that no output causes a panic, that each annotation has a
// place and a severity, and that the annotations do not depend on how the output is
// cut.
func FuzzDiagnoser(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.output, 1)
	}
	f.Add("\x1b[", 0)
	f.Add("** ()\n==> \nwarning: \n  a.ex:99999999999999999999999:0\n", 7)
	f.Fuzz(func(t *testing.T, output string, at int) {
		d := newDiagnoser(func(_, file string) string { return file }, func(a progress.Annotation) {
			known := a.Severity == progress.SeverityError || a.Severity == progress.SeverityWarning
			if a.File == "" || a.Line < 1 || a.Column < 0 || a.Title == "" || len(a.Message) > maxMessage || !known {
				t.Errorf("%+v", a)
			}
		})
		fmt.Fprint(d, output)
		d.Close()
		cut := min(max(at, 0), len(output))
		if whole, parts := diagnose(output), diagnose(output[:cut], output[cut:]); whole != parts {
			t.Errorf("whole\n%s\nin two parts\n%s", whole, parts)
		}
	})
}
