package githubapi

import (
	"net/http"
	"strings"
)

// getRef knows branches. GitHub's node IDs are opaque.
func (s *Server) getRef(c *call) answer {
	ref := c.parameters["ref"]
	name, isBranch := strings.CutPrefix(ref, "heads/")
	sha, there := s.commits.branches[name]
	if !isBranch || !there {
		return notFound()
	}
	return reply(http.StatusOK, map[string]any{
		"ref": "refs/" + ref, "node_id": "MDM6UmVmcmVmcy9oZWFkcw==", "url": s.inRepository("/git/refs/" + ref),
		"object": map[string]any{"type": "commit", "sha": sha, "url": s.inRepository("/git/commits/" + sha)},
	})
}
