package progress

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// paper is a face that keeps the log. It has no lock of its own, so the race
// detector notices a Log that calls it from two goroutines at once.
type paper struct{ lines []string }

func (p *paper) Group(s string)   { p.lines = append(p.lines, "group "+s) }
func (p *paper) EndGroup()        { p.lines = append(p.lines, "endgroup") }
func (p *paper) Error(s string)   { p.lines = append(p.lines, "error "+s) }
func (p *paper) Warning(s string) { p.lines = append(p.lines, "warning "+s) }
func (p *paper) Notice(s string)  { p.lines = append(p.lines, "notice "+s) }
func (p *paper) Line(s string)    { p.lines = append(p.lines, s) }
func (p *paper) Annotate(a Annotation) {
	p.lines = append(p.lines, fmt.Sprintf("%s %s:%d:%d %s: %s", a.Severity, a.File, a.Line, a.Column, a.Title, a.Message))
}

func (p *paper) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(p.lines, lines) {
		t.Errorf("got  %q\nwant %q", p.lines, lines)
	}
}

func TestALogShowsPhasesAndLines(t *testing.T) {
	p := &paper{}
	l := New(p)
	end := l.Phase("Stage on %d hosts", 2)
	l.Say("web1", "has %s", "it")
	l.Say("", "two\r\nlines\n")
	end()
	l.Error("bad")
	l.Warning("risky")
	l.Notice("odd")
	p.want(t, "group Stage on 2 hosts", "web1: has it", "two", "lines", "endgroup", "error bad", "warning risky", "notice odd")
}

const threeLines = "-----BEGIN KEY-----\r\nfirst-line-of-it\n  second-line+/=  \nshort\n\n"

func TestEveryLineOfEverySecretIsHidden(t *testing.T) {
	p := &paper{}
	l := New(p, threeLines, "another-one")
	l.Phase("with first-line-of-it")
	l.Say("web1", "a first-line-of-it b second-line+/= c another-one d short")
	l.Say("first-line-of-it", "x")
	l.Error("another-one\nsecond-line+/=")
	l.Warning("not another-one")
	l.Notice("-----BEGIN KEY-----")
	l.Annotate(Annotation{SeverityError, "lib/another-one.ex", 3, 5, "first-line-of-it", "another-\x1bone\nsecond-line+/="})
	out := l.Output("web1")
	fmt.Fprint(out, threeLines)
	fmt.Fprint(out, "anoth\x01er-one\nanother-")
	fmt.Fprint(out, "one")
	out.Close()
	p.want(t, "group with ***", "web1: a *** b *** c *** d short", "***: x", "error ***\n***", "warning not ***", "notice ***",
		"error lib/***.ex:3:5 ***: ***\n***", "web1 | ***", "web1 | ", "web1 | ***", "web1 | ***")
}

func TestWhatIsShownElsewhereHidesTheSame(t *testing.T) {
	if got := New(&paper{}, threeLines).Redact("| web1 | first-\x1bline-of-it |\n| short |"); got != "| web1 | *** |\n| short |" {
		t.Errorf("%q", got)
	}
}

func TestOutputIsLoggedLineByLine(t *testing.T) {
	for given, want := range map[string][]string{
		"":                               nil,
		"a\nb\n":                         {"a", "b"},
		"a\n\nb":                         {"a", "", "b"},
		"10%\r50%\r100%\n":               {"100%"},
		"windows\r\n":                    {"windows"},
		"over\rwritten\r\r\n":            {"written"},
		"\x1b[31mred\x1b[0m \x07bell\n":  {"[31mred[0m bell"},
		"tab\tstays, \x00\x08\x7fgone\n": {"tab\tstays, gone"},
		"c1 \u009b2J gone\n":             {"c1 2J gone"},
		"ünï ☃  \n":                      {"ünï ☃"},
		"::set-output name=x::y\n":       {"::set-output name=x::y"},
	} {
		for _, chunk := range []int{1, 3, 1000} { // the size of the writes
			p := &paper{}
			out := New(p).Output("web1")
			for part := range slices.Chunk([]byte(given), chunk) {
				if n, err := out.Write(part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			out.Close()
			var lines []string
			for _, line := range want {
				lines = append(lines, strings.TrimRight("web1 | "+line, " "))
			}
			for i, line := range p.lines {
				p.lines[i] = strings.TrimRight(line, " ")
			}
			p.want(t, lines...)
		}
	}
}

func TestALineWithoutEndDoesNotFillTheMemory(t *testing.T) {
	p := &paper{}
	out := New(p).Output("web1")
	chunk := []byte(strings.Repeat("x", 1000))
	for range 200 {
		out.Write(chunk)
		if len(out.lines.rest) > maxLine {
			t.Fatalf("%d bytes are kept", len(out.lines.rest))
		}
	}
	out.Close()
	total := 0
	for _, line := range p.lines {
		total += strings.Count(line, "x")
	}
	if total != 200_000 || len(p.lines) > 5 {
		t.Errorf("%d of 200000 bytes in %d lines", total, len(p.lines))
	}
}

// What is cut is text without secrets, wherever the cut and the writes are.
func TestASecretAtTheCutOfALongLineIsHidden(t *testing.T) {
	const password = "correct-horse-battery-staple"
	for before := maxLine - len(password) - 1; before <= maxLine+1; before++ {
		p := &paper{}
		out := New(p, password).Output("web1")
		text := []byte(strings.Repeat("x", before) + password + strings.Repeat("y", 100))
		for part := range slices.Chunk(text, 4096) {
			out.Write(part)
		}
		out.Close()
		said := strings.ReplaceAll(strings.Join(p.lines, ""), "web1 | ", "")
		if said != strings.Repeat("x", before)+"***"+strings.Repeat("y", 100) {
			t.Fatalf("after %d bytes: %q", before, strings.Trim(said, "x"))
		}
	}
}

func TestConcurrentWritersKeepLinesWhole(t *testing.T) {
	p := &paper{}
	l := New(p)
	shared := l.Output("shared")
	var wg sync.WaitGroup
	const writers, each = 8, 50
	for w := range writers {
		wg.Go(func() {
			own := l.Output(fmt.Sprint("w", w))
			defer own.Close()
			for i := range each {
				fmt.Fprintf(own, "line %d ", i)
				fmt.Fprint(own, "ends\n")
				fmt.Fprintf(shared, "whole %d\n", i)
				l.Say("say", "%d", i)
			}
		})
	}
	wg.Wait()
	counts := map[string]int{}
	for _, line := range p.lines {
		counts[line]++
	}
	for i := range each {
		if n := counts[fmt.Sprint("shared | whole ", i)]; n != writers {
			t.Errorf("shared line %d came %d times", i, n)
		}
		for w := range writers {
			if counts[fmt.Sprintf("w%d | line %d ends", w, i)] != 1 {
				t.Errorf("line %d of writer %d is not whole", i, w)
			}
		}
	}
	if len(p.lines) != 3*writers*each {
		t.Errorf("%d lines", len(p.lines))
	}
}

func TestATerminalIsPlain(t *testing.T) {
	var b strings.Builder
	l := New(Terminal{&b})
	end := l.Phase("Build")
	l.Say("", "x")
	end()
	l.Error("bad")
	l.Warning("risky")
	l.Notice("odd")
	l.Annotate(Annotation{SeverityError, "lib/a.ex", 1, 2, "title", "the log has it already"})
	if want := "==> Build\n    x\nerror: bad\nwarning: risky\nnote: odd\n"; b.String() != want {
		t.Errorf("%q", b.String())
	}
}
