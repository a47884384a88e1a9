package githubapi

import (
	"crypto/sha1"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A graph is commits, in an order in which parents come before their children, and names for some of them.
type graph struct {
	all      []string
	parents  map[string][]string
	dates    map[string]time.Time
	branches map[string]string
}

func newGraph() graph {
	return graph{parents: map[string][]string{}, dates: map[string]time.Time{}, branches: map[string]string{}}
}

// SHA is a commit ID for a test that gives its commits names.
func SHA(name string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(name))) }

var isSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Commit adds a commit. Its parents are there already; by its date it is a minute later than the one before it.
func (s *Server) Commit(sha string, parents ...string) { s.CommitAt(time.Time{}, sha, parents...) }

// CommitAt adds a commit that the committer's clock says was made at this time.
func (s *Server) CommitAt(date time.Time, sha string, parents ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.commits.parents[sha]; known || !isSHA.MatchString(sha) {
		panic("githubapi: " + sha + " is there already, or no commit ID")
	}
	for _, parent := range parents {
		s.commits.must(parent)
	}
	if date.IsZero() {
		date = time.Date(2026, 1, 1, 0, len(s.commits.all), 0, 0, time.UTC)
	}
	s.commits.parents[sha], s.commits.dates[sha] = slices.Clone(parents), date
	s.commits.all = append(s.commits.all, sha)
}

// Branch says where a branch is.
func (s *Server) Branch(name, sha string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits.must(sha)
	s.commits.branches[name] = sha
}

func (g *graph) must(sha string) {
	if _, known := g.parents[sha]; !known {
		panic("githubapi: there is no commit " + sha)
	}
}

// resolve finds what a branch, a commit ID or the beginning of one stands for.
func (g *graph) resolve(ref string) (sha string, ok bool) {
	if sha, ok := g.branches[ref]; ok {
		return sha, true
	}
	for _, candidate := range g.all {
		if len(ref) >= 7 && strings.HasPrefix(candidate, ref) {
			if ok {
				return "", false
			}
			sha, ok = candidate, true
		}
	}
	return sha, ok
}

// reach are a commit and all before it; none if there is no such commit.
func (g *graph) reach(sha string) map[string]bool {
	seen := map[string]bool{}
	for todo := []string{sha}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, known := g.parents[next]; known && !seen[next] {
			seen[next] = true
			todo = append(todo, g.parents[next]...)
		}
	}
	return seen
}

// between are the commits that head has and base has not, oldest first.
func (g *graph) between(base, head string) (commits []string) {
	have, want := g.reach(base), g.reach(head)
	for _, sha := range g.all {
		if want[sha] && !have[sha] {
			commits = append(commits, sha)
		}
	}
	return commits
}

// mergeBase is the newest commit that both have: nothing that both have comes after it.
func (g *graph) mergeBase(a, b string) (sha string, ok bool) {
	ofA, ofB := g.reach(a), g.reach(b)
	for _, sha := range slices.Backward(g.all) {
		if ofA[sha] && ofB[sha] {
			return sha, true
		}
	}
	return "", false
}
