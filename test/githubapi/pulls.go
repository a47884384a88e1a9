package githubapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

// listPullsOfCommit: of a commit on the default branch, the merged pull requests that brought it there; of another one,
// those that were merged elsewhere. And the open ones that have it.
func (s *Server) listPullsOfCommit(c *call) answer {
	sha, ok := s.commits.resolve(c.parameters["commit_sha"])
	if !ok {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.parameters["commit_sha"])
	}
	onDefault := s.commits.reach(s.commits.branches[s.defaultBranch])
	var found []*Pull
	for _, p := range s.pulls {
		// A merge that is not on the default branch did not bring there what is.
		elsewhere := p.State == "merged" && onDefault[sha] && !onDefault[p.MergeCommitSHA]
		if p.State != "closed" && !elsewhere && p.brings(&s.commits, sha) {
			found = append(found, p)
		}
	}
	return list(s, c, found, s.pullObject)
}

func (s *Server) listPulls(c *call) answer {
	var found []*Pull
	for _, p := range s.pulls {
		if s.selected(c, p) {
			found = append(found, p)
		}
	}
	order := c.query.Get("sort")
	slices.SortStableFunc(found, s.by(order))
	direction := c.query.Get("direction")
	if direction == "desc" || direction == "" && (order == "" || order == "created") {
		slices.Reverse(found)
	}
	return list(s, c, found, s.pullObject)
}

func (s *Server) selected(c *call, p *Pull) bool {
	asked := cmp.Or(c.query.Get("state"), "open")
	return (asked == "all" || asked == p.state()) &&
		(!c.query.Has("base") || c.query.Get("base") == p.Base) &&
		(!c.query.Has("head") || c.query.Get("head") == s.owner+":"+p.Head)
}

// state is GitHub's: what is merged is closed, too.
func (p *Pull) state() string {
	if p.State == "open" {
		return "open"
	}
	return "closed"
}

// by is an order of pull requests, ascending. They are by number already.
func (s *Server) by(order string) func(a, b *Pull) int {
	return func(a, b *Pull) int {
		switch order {
		case "updated":
			return a.UpdatedAt.Compare(b.UpdatedAt)
		case "popularity":
			return len(s.commentsOn(a)) - len(s.commentsOn(b))
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	}
}

func (s *Server) pullObject(p *Pull) map[string]any {
	o := s.example("pull", "1347", strconv.Itoa(p.Number), exampleSHA, p.HeadSHA)
	return with(o, map[string]any{
		"id": 1<<32 + p.Number, "state": p.state(), "title": p.Title, "user": s.user(p.Author), "locked": p.Locked,
		"merge_commit_sha": null(p.MergeCommitSHA), "created_at": timestamp(p.CreatedAt), "updated_at": timestamp(p.UpdatedAt),
		"merged_at": timestamp(p.MergedAt), "closed_at": timestamp(p.ClosedAt),
		"head": s.end(o["head"], p.Head, p.HeadSHA), "base": s.end(o["base"], p.Base, s.commits.branches[p.Base]),
	})
}

// end is one of the two branches of a pull request.
func (s *Server) end(object any, branch, sha string) map[string]any {
	return with(object.(map[string]any), map[string]any{
		"ref": branch, "label": s.owner + ":" + branch, "sha": sha, "repo": s.inPulls,
	})
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
