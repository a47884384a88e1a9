package secret

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// keyed is how many bytes at the beginning and end of a text it is found by.
	// No text is shorter.
	keyed = 4
	// longest bounds the texts in an index, and so what a [Writer] keeps. Longer
	// ones are divided into pieces.
	longest = 512
)

// index finds many texts at once. Nearly every byte of an ordinary log costs just
// one look into a table of bits.
type index struct {
	first, last map[uint32][]string // by their first and last bytes
	begins      map[string]bool     // the first 1 to 3 bytes
	bits        []uint64            // one for each hash of the first bytes
}

func (x *index) add(text string) {
	if len(text) < keyed {
		return
	}
	if x.first == nil {
		*x = index{first: map[uint32][]string{}, last: map[uint32][]string{}, begins: map[string]bool{}, bits: make([]uint64, 1<<bitsLog>>6)}
	}
	first, last := key(text), key(text[len(text)-keyed:])
	x.first[first] = append(x.first[first], text)
	x.last[last] = append(x.last[last], text)
	for n := 1; n < keyed; n++ {
		x.begins[text[:n]] = true
	}
	x.bits[hash(first)>>6] |= 1 << (hash(first) & 63)
}

// sort puts the longest texts first: whoever looks takes the first that fits.
func (x *index) sort() {
	for _, texts := range []map[uint32][]string{x.first, x.last} {
		for _, same := range texts {
			slices.SortFunc(same, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		}
	}
}

// bitsLog is the size of the table of bits: 32 KiB, which a processor keeps close.
const bitsLog = 18

func hash(key uint32) uint32 { return key * 2654435761 >> (32 - bitsLog) }

func key(text string) uint32 {
	return uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
}

// at returns the texts that may begin a string. The string has enough bytes.
func (x *index) at(s string) []string {
	k := key(s)
	if h := hash(k); x.bits[h>>6]&(1<<(h&63)) == 0 {
		return nil
	}
	return x.first[k]
}

// find returns the longest text at each place, in order. They may overlap.
func (x *index) find(text string) (found []span) {
	if x.first == nil {
		return nil
	}
	for i := 0; i+keyed <= len(text); i++ {
		for _, known := range x.at(text[i:]) {
			if strings.HasPrefix(text[i:], known) {
				found = append(found, span{i, i + len(known)})
				break
			}
		}
	}
	return found
}

// open returns where, at the end of a text, something begins that more text could
// complete. Without such a thing that is the end.
func (x *index) open(text string) int {
	if x.first == nil {
		return len(text)
	}
	for i := max(0, len(text)-longest+1); i < len(text); i++ {
		rest := text[i:]
		if len(rest) < keyed {
			if x.begins[rest] {
				return i
			}
			continue
		}
		if slices.ContainsFunc(x.at(rest), func(known string) bool { return len(known) > len(rest) && strings.HasPrefix(known, rest) }) {
			return i
		}
	}
	return len(text)
}

// pieces divides a text that is too long. Each piece overlaps the next by half, so
// that what was cut within a piece is at least half of another.
func pieces(text string) (all []string) {
	for ; len(text) > longest; text = text[longest/2:] {
		all = append(all, text[:longest])
		if len(text) < longest*3/2 {
			all = append(all, text[len(text)-longest:])
			return all
		}
	}
	return append(all, text)
}
