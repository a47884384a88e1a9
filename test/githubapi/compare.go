package githubapi

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// without paging, a comparison has the newest commits only.
const unpaged = 250

func (s *Server) compare(c *call) answer {
	baseRef, headRef, _ := strings.Cut(c.parameters["basehead"], "...")
	base, hasBase := s.commits.resolve(baseRef)
	head, hasHead := s.commits.resolve(headRef)
	if !hasBase || !hasHead {
		return notFound()
	}
	mergeBase, ok := s.commits.mergeBase(base, head)
	if !ok {
		return refuse(http.StatusNotFound, "No common ancestor between "+baseRef+" and "+headRef+".")
	}
	ahead, behind := s.commits.between(base, head), s.commits.between(head, base)
	commits, header := ahead, http.Header{}
	if c.query.Has("page") || c.query.Has("per_page") {
		commits, header = page(s, c, ahead)
	} else if len(ahead) > unpaged {
		commits = ahead[len(ahead)-unpaged:]
	}
	a := reply(http.StatusOK, with(s.comparison(base, head), map[string]any{
		"status": relation(len(ahead), len(behind)), "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"base_commit": s.commit(base), "merge_base_commit": s.commit(mergeBase),
		"commits": s.each(commits), "files": []any{},
	}))
	maps.Copy(a.header, header)
	return a
}

func relation(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}

func (s *Server) comparison(base, head string) map[string]any {
	path := "/compare/" + base + "..." + head
	web := s.onTheWeb(path)
	return map[string]any{
		"url": s.inRepository(path), "html_url": web, "permalink_url": web,
		"diff_url": web + ".diff", "patch_url": web + ".patch",
	}
}

func (s *Server) each(commits []string) []map[string]any {
	objects := make([]map[string]any, len(commits))
	for i, sha := range commits {
		objects[i] = s.commit(sha)
	}
	return objects
}

func (s *Server) commit(sha string) map[string]any {
	object := s.example("commit", exampleSHA, sha, exampleDate, s.commits.dates[sha].UTC().Format(time.RFC3339))
	parents := []map[string]any{}
	for _, parent := range s.commits.parents[sha] {
		parents = append(parents, map[string]any{"sha": parent, "url": s.inRepository("/commits/" + parent), "html_url": s.onTheWeb("/commit/" + parent)})
	}
	object["parents"] = parents
	return object
}
