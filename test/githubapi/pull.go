package githubapi

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Pull is a pull request. Zero means the default.
type Pull struct {
	Number         int
	State          string // open, merged or closed: open
	Title          string
	Author         Author
	Base, Head     string // branches: the default branch, pull-NUMBER
	HeadSHA        string
	MergeCommitSHA string   // what a merge, squash or rebase left on the base, or the merge that GitHub tries; may be empty
	Commits        []string // those on the base that came from a rebase, apart from the last one
	Locked         bool     // nobody may add to the conversation

	CreatedAt, UpdatedAt, MergedAt, ClosedAt time.Time // now, or the one from the other
}

// Pull adds a pull request, or puts it in the place of that with its number.
func (s *Server) Pull(p Pull) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.complete(s)
	for _, sha := range append(slices.Clone(p.Commits), p.HeadSHA, cmp.Or(p.MergeCommitSHA, p.HeadSHA)) {
		s.commits.must(sha)
	}
	if p.State == "open" {
		s.commits.must(s.commits.branches[p.Base])
	}
	if !slices.Contains([]string{"open", "merged", "closed"}, p.State) || p.State == "merged" && p.MergeCommitSHA == "" {
		panic(fmt.Sprintf("githubapi: pull request %d cannot be like this: %+v", p.Number, p))
	}
	s.pulls = slices.DeleteFunc(s.pulls, func(other *Pull) bool { return other.Number == p.Number })
	s.pulls = append(s.pulls, &p)
	slices.SortFunc(s.pulls, func(a, b *Pull) int { return a.Number - b.Number })
}

func (p *Pull) complete(s *Server) {
	p.State = cmp.Or(p.State, "open")
	p.Title = cmp.Or(p.Title, fmt.Sprintf("Pull request %d", p.Number))
	p.Author = cmp.Or(p.Author, Author{"somebody", "User"})
	p.Base = cmp.Or(p.Base, s.defaultBranch)
	p.Head = cmp.Or(p.Head, fmt.Sprintf("pull-%d", p.Number))
	p.CreatedAt = cmp.Or(p.CreatedAt, p.MergedAt, p.ClosedAt, p.UpdatedAt, s.stamp())
	switch p.State {
	case "merged":
		p.MergedAt = cmp.Or(p.MergedAt, p.ClosedAt, p.UpdatedAt, p.CreatedAt)
		p.ClosedAt = cmp.Or(p.ClosedAt, p.MergedAt)
	case "closed":
		p.ClosedAt = cmp.Or(p.ClosedAt, p.UpdatedAt, p.CreatedAt)
	}
	p.UpdatedAt = cmp.Or(p.UpdatedAt, p.ClosedAt, p.CreatedAt)
}

// Pulls are all pull requests, by number.
func (s *Server) Pulls() []Pull {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Pull, len(s.pulls))
	for i, p := range s.pulls {
		all[i] = *p
	}
	return all
}

func (s *Server) pull(number int64) *Pull {
	for _, p := range s.pulls {
		if int64(p.Number) == number {
			return p
		}
	}
	return nil
}

// brings reports whether a commit is one of the pull request's own, or what its merge left.
func (p *Pull) brings(g *graph, sha string) bool {
	if p.State == "merged" && sha == p.MergeCommitSHA || slices.Contains(p.Commits, sha) {
		return true
	}
	// What the base was before the merge: after it, it has the commits, too.
	base := g.branches[p.Base]
	if parents := g.parents[p.MergeCommitSHA]; len(parents) > 0 {
		base = parents[0]
	}
	return slices.Contains(g.between(base, p.HeadSHA), sha)
}
