package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Pulls are the pull requests that a run commented on.
type Pulls struct {
	Live  []int // their changes now run
	Gone  []int // their changes no longer run
	Notes []string
}

// Only returns the pull requests that are in a list.
func (p Pulls) Only(list []int) Pulls {
	not := func(n int) bool { return !slices.Contains(list, n) }
	p.Live = slices.DeleteFunc(slices.Clone(p.Live), not)
	p.Gone = slices.DeleteFunc(slices.Clone(p.Gone), not)
	return p
}

// JSON returns their numbers, in order.
func (p Pulls) JSON() string {
	all := append(append([]int{}, p.Live...), p.Gone...)
	slices.Sort(all)
	data, err := json.Marshal(all)
	if err != nil {
		panic(err) // numbers always marshal
	}
	return string(data)
}

func (p Pulls) String() string {
	text := func(list []int) string {
		if len(list) == 0 {
			return "none"
		}
		words := []string{}
		for _, n := range list {
			words = append(words, fmt.Sprintf("#%d", n))
		}
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("pull requests that were told: live %s; no longer live %s", text(p.Live), text(p.Gone))
}

// Markdown returns a part of the job summary, or "" if there are none.
func (p Pulls) Markdown(at Place) string {
	var b strings.Builder
	write := func(title string, list []int) {
		if len(list) == 0 {
			return
		}
		var links []string
		for _, n := range list {
			links = append(links, fmt.Sprintf("[#%d](%s/pull/%d)", n, at.Repository, n))
		}
		fmt.Fprintf(&b, "\n**%s:** %s\n", title, strings.Join(links, ", "))
	}
	write("Pull requests that are live now", p.Live)
	write("Pull requests that are no longer live", p.Gone)
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "\n%s\n", inline(note))
	}
	return b.String()
}
