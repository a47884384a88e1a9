package ghapi

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/google/go-github/v62/github"
)

// Revision is a commit, and the ref that it was built from, if known: a branch, a
// tag or a pull request (refs/heads/main, refs/pull/7/merge).
type Revision struct{ SHA, Ref string }

// Pull is a pull request whose changes run now, or no longer run.
type Pull struct {
	Number int
	Open   bool // not merged: its own branch was deployed
}

// Difference lists the pull requests that a change from one commit to another
// affects. A pull request is in at most one of the lists.
type Difference struct {
	Gained, Lost []Pull
	Notes        []string // for people: what the lists leave out
}

// Bounds of one difference. A note says what is beyond them.
const (
	perPage     = 100
	maxPages    = 10  // pages of commits, and of pull requests
	MaxPulls    = 100 // pull requests that get a comment for one change
	updateSlack = time.Hour
)

// needRead names all permissions that comments need: a token that lacks one of
// them may lack the other too.
const needRead = "contents: read, pull-requests: write"

// Between finds the pull requests whose changes are in after but not in before,
// and the other way round. Without before, it finds only the pull requests to which
// the commit of after itself belongs.
func (c *Client) Between(ctx context.Context, before, after Revision) (Difference, error) {
	if after.SHA == "" {
		return Difference{Notes: []string{"The commit of the running release is unknown: no pull requests are looked for."}}, nil
	}
	gained, lost, notes, err := c.commits(ctx, before.SHA, after.SHA)
	if err != nil {
		return Difference{}, err
	}
	d := Difference{Notes: notes}
	merged, err := c.merged(ctx, gained, lost, after, &d.Notes)
	if err != nil {
		return d, err
	}
	for _, p := range merged {
		if gained.has(p) {
			d.Gained = append(d.Gained, Pull{Number: p.GetNumber()})
		} else {
			d.Lost = append(d.Lost, Pull{Number: p.GetNumber()})
		}
	}
	if err := c.addOpen(ctx, &d, before, after, gained.alone || len(lost.shas) > 0); err != nil {
		return d, err
	}
	d.Gained, d.Lost = bounded(d.Gained, &d.Notes), bounded(d.Lost, &d.Notes)
	return d, nil
}

// commits are those that one revision has and another one lacks.
type commits struct {
	shas   map[string]bool
	oldest time.Time // the earliest committer date
	alone  bool      // only the last commit is known
}

func (s commits) has(p *github.PullRequest) bool { return s.shas[p.GetMergeCommitSHA()] }

func (c *Client) commits(ctx context.Context, before, after string) (gained, lost commits, notes []string, err error) {
	last := commits{shas: map[string]bool{after: true}, alone: true}
	if before == "" {
		return last, commits{}, nil, nil
	}
	if before == after {
		return commits{}, commits{}, nil, nil
	}
	gained, behind, err := c.ahead(ctx, before, after, &notes)
	if err == nil && behind > 0 {
		lost, _, err = c.ahead(ctx, after, before, &notes)
	}
	if unknown(err) {
		return last, commits{}, []string{fmt.Sprintf(
			"GitHub does not know both %.12s, which ran before, and %.12s: was the history rewritten, is it another repository, or may the token not read this one (contents: read)? Only pull requests that ended in the deployed commit are looked for.", before, after)}, nil
	}
	return gained, lost, notes, explain(err, "comparing what ran with what runs", needRead)
}

// ahead lists the commits that head has and base lacks; if there are very many,
// only the newest ones. The result behind counts those that base has and head
// lacks.
func (c *Client) ahead(ctx context.Context, base, head string, notes *[]string) (found commits, behind int, err error) {
	found.shas = map[string]bool{}
	first, _, err := c.api.Repositories.CompareCommits(ctx, c.owner, c.repo, base, head, &github.ListOptions{Page: 1, PerPage: perPage})
	if err != nil {
		return found, 0, err
	}
	found.add(first.Commits)
	pages := (first.GetTotalCommits() + perPage - 1) / perPage
	if pages > maxPages {
		*notes = append(*notes, fmt.Sprintf("There are %d commits between %.12s and %.12s: pull requests are looked for in the newest %d.", first.GetTotalCommits(), base, head, maxPages*perPage))
	}
	for page := max(2, pages-maxPages+1); page <= pages; page++ {
		next, _, err := c.api.Repositories.CompareCommits(ctx, c.owner, c.repo, base, head, &github.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return found, 0, err
		}
		found.add(next.Commits)
	}
	return found, first.GetBehindBy(), nil
}

func (s *commits) add(list []*github.RepositoryCommit) {
	for _, c := range list {
		s.shas[c.GetSHA()] = true
		if at := c.GetCommit().GetCommitter().GetDate().Time; s.oldest.IsZero() || at.Before(s.oldest) {
			s.oldest = at
		}
	}
}

// merged lists the merged pull requests that ended in one of the commits, the
// latest first. GitHub names that commit for each pull request: the merge commit,
// the squashed one, or the last one of a rebase. Asking for the pull requests of
// each commit would take a request per commit, and works only for the default
// branch.
func (c *Client) merged(ctx context.Context, gained, lost commits, after Revision, notes *[]string) (found []*github.PullRequest, err error) {
	if gained.alone {
		all, err := c.of(ctx, after)
		return slices.DeleteFunc(all, func(p *github.PullRequest) bool { return p.MergedAt == nil || !gained.has(p) }), err
	}
	if len(gained.shas)+len(lost.shas) == 0 {
		return nil, nil
	}
	since := earliest(gained.oldest, lost.oldest).Add(-updateSlack)
	options := &github.PullRequestListOptions{State: "closed", Sort: "updated", Direction: "desc", ListOptions: github.ListOptions{Page: 1, PerPage: perPage}}
	for {
		page, resp, err := c.api.PullRequests.List(ctx, c.owner, c.repo, options)
		if err != nil {
			return nil, explain(err, "listing pull requests", needRead)
		}
		for _, p := range page {
			if p.MergedAt != nil && (gained.has(p) || lost.has(p)) {
				found = append(found, p)
			}
		}
		if resp.NextPage == 0 || len(page) > 0 && page[len(page)-1].GetUpdatedAt().Before(since) {
			break
		}
		if options.Page = resp.NextPage; options.Page > maxPages {
			*notes = append(*notes, fmt.Sprintf("Pull requests were looked for among the %d most recently changed ones.", maxPages*perPage))
			break
		}
	}
	slices.SortFunc(found, func(a, b *github.PullRequest) int { return b.GetMergedAt().Compare(a.GetMergedAt().Time) })
	return slices.CompactFunc(found, func(a, b *github.PullRequest) bool { return a.GetNumber() == b.GetNumber() }), nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// addOpen adds the open pull requests whose own branch runs now, or ran before.
func (c *Client) addOpen(ctx context.Context, d *Difference, before, after Revision, moved bool) error {
	now, err := c.open(ctx, after, true)
	if err != nil {
		return err
	}
	for _, n := range now {
		d.Gained = add(d.Gained, Pull{n, true})
		d.Lost = slices.DeleteFunc(d.Lost, func(p Pull) bool { return p.Number == n })
	}
	if before.SHA == "" || !moved {
		return nil
	}
	then, err := c.open(ctx, before, false)
	for _, n := range then {
		if !slices.ContainsFunc(d.Gained, func(p Pull) bool { return p.Number == n }) {
			d.Lost = add(d.Lost, Pull{n, true})
		}
	}
	return err
}

func add(list []Pull, p Pull) []Pull {
	if slices.ContainsFunc(list, func(q Pull) bool { return q.Number == p.Number }) {
		return list
	}
	return append(list, p)
}

var pullRef = regexp.MustCompile(`^refs/pull/([1-9][0-9]{0,8})/(?:merge|head)$`)

// PullOf returns the number of the pull request that a ref belongs to.
func PullOf(ref string) (number int, ok bool) {
	m := pullRef.FindStringSubmatch(ref)
	if m == nil {
		return 0, false
	}
	number, err := strconv.Atoi(m[1])
	return number, err == nil
}

// open lists the open pull requests that have a commit; if last is set, only those
// whose last commit it is. A commit that GitHub does not know is in none.
func (c *Client) open(ctx context.Context, r Revision, last bool) (numbers []int, err error) {
	if n, ok := PullOf(r.Ref); ok {
		return []int{n}, nil
	}
	list, err := c.of(ctx, r)
	for _, p := range list {
		if p.GetState() == "open" && (!last || p.GetHead().GetSHA() == r.SHA) {
			numbers = append(numbers, p.GetNumber())
		}
	}
	return numbers, err
}

// of lists the pull requests that have a commit, according to GitHub.
func (c *Client) of(ctx context.Context, r Revision) ([]*github.PullRequest, error) {
	list, _, err := c.api.PullRequests.ListPullRequestsWithCommit(ctx, c.owner, c.repo, r.SHA, &github.ListOptions{PerPage: perPage})
	if unknown(err) {
		return nil, nil
	}
	return list, explain(err, "looking for pull requests of a commit", needRead)
}

// bounded returns the first MaxPulls pull requests: open ones, then the latest.
func bounded(list []Pull, notes *[]string) []Pull {
	if len(list) <= MaxPulls {
		return list
	}
	slices.SortStableFunc(list, func(a, b Pull) int { return cmp.Compare(closed(a), closed(b)) })
	*notes = append(*notes, fmt.Sprintf("%d pull requests are concerned: the %d that were merged last are commented on.", len(list), MaxPulls))
	return list[:MaxPulls]
}

func closed(p Pull) int {
	if p.Open {
		return 0
	}
	return 1
}
