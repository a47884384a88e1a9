package release

import (
	"bytes"
	"fmt"
	"strings"
)

// A patch makes one manifest out of another, line by line. It has a line for each
// step, and a cursor in the lines of the base:
//
//	=N     copy N lines of the base
//	-N     skip N lines of the base; a negative N goes back
//	+TEXT  a line that does not come from the base
//
// On a host, verify.sh applies it. A version in the name of a directory costs one
// literal line for each file below it, and the steps around it compress well.

// patchOf returns the patch from one text to another. It reports whether both have
// whole lines only.
func patchOf(from, to []byte) (patch []byte, ok bool) {
	base, fromOK := linesOf(from)
	next, toOK := linesOf(to)
	if !fromOK || !toOK {
		return nil, false
	}
	p := patcher{base: base, next: next, only: onlyPlaces(base)}
	p.run()
	return p.out.Bytes(), true
}

func linesOf(text []byte) (lines []string, whole bool) {
	body, whole := strings.CutSuffix(string(text), "\n")
	return strings.Split(body, "\n"), whole && !strings.ContainsRune(body, 0)
}

// onlyPlaces returns the places of the lines that are there once, such as paths.
func onlyPlaces(lines []string) map[string]int {
	places := make(map[string]int, len(lines))
	for i, line := range lines {
		if _, twice := places[line]; twice {
			places[line] = -1
		} else {
			places[line] = i
		}
	}
	return places
}

type patcher struct {
	base, next []string
	only       map[string]int
	at, to     int // the cursors
	out        bytes.Buffer
}

func (p *patcher) run() {
	for p.to < len(p.next) {
		if p.copied() || p.jumped() || p.replaced() {
			continue
		}
		p.literal(1)
	}
}

// copied copies the lines at the cursors that are the same.
func (p *patcher) copied() bool {
	n := 0
	for p.same(p.at+n, p.to+n) {
		n++
	}
	if n == 0 {
		return false
	}
	fmt.Fprintf(&p.out, "=%d\n", n)
	p.at, p.to = p.at+n, p.to+n
	return true
}

func (p *patcher) same(at, to int) bool {
	return at < len(p.base) && to < len(p.next) && p.base[at] == p.next[to]
}

// jumped goes to the only place of the next line in the base.
func (p *patcher) jumped() bool {
	place, there := p.only[p.next[p.to]]
	if !there || place < 0 {
		return false
	}
	p.skip(place - p.at)
	return true
}

// near is how many lines may differ before others are the same.
const near = 4

// replaced passes a few lines in place of others.
func (p *patcher) replaced() bool {
	for sum := 1; sum <= 2*near; sum++ {
		for literals := max(1, sum-near); literals <= min(sum, near); literals++ {
			if p.same(p.at+sum-literals, p.to+literals) {
				p.literal(literals)
				if sum > literals {
					p.skip(sum - literals)
				}
				return true
			}
		}
	}
	return false
}

func (p *patcher) skip(n int) {
	fmt.Fprintf(&p.out, "-%d\n", n)
	p.at += n
}

func (p *patcher) literal(n int) {
	for _, line := range p.next[p.to : p.to+n] {
		p.out.WriteString("+" + line + "\n")
	}
	p.to += n
}
