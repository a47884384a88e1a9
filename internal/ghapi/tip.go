package ghapi

import (
	"context"
	"fmt"
)

// Tip returns the commit that a ref (refs/heads/main) leads to now. A ref that
// GitHub does not show is an error: it answers in the same way if there is none
// and if the token may not read the repository.
func (c *Client) Tip(ctx context.Context, ref string) (string, error) {
	what := "asking for the tip of " + ref
	got, _, err := c.api.Git.GetRef(ctx, c.owner, c.repo, ref)
	switch {
	case removed(err):
		return "", fmt.Errorf("%s: GitHub shows no such ref: was the branch removed, or may the token not read the repository (contents: read)?", what)
	case err != nil:
		return "", explain(err, what, "contents: read")
	}
	return got.GetObject().GetSHA(), nil
}
