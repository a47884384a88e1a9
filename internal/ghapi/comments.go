package ghapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"
)

// Edit returns the new text of a comment. It is given the texts of Slipway's
// comments on the pull request, oldest first; there may be none. Its result
// merges them and adds what is new. Given its own result, it returns the same
// text.
type Edit func(bodies []string) string

// Comment is a comment to write on a pull request.
type Comment struct {
	Pull int
	Edit Edit
	// Create says whether to make the comment if there is none.
	Create bool
}

// rounds bounds how often a comment is rewritten while other runs change it too.
const rounds = 5

const needWrite = "pull-requests: write"

// CommentAll makes sure that each pull request has exactly one of Slipway's
// comments, with the right text, and returns the pull requests that have it.
// Slipway's comments begin with the marker.
//
// GitHub has no compare-and-set. So a run that finds two comments merges both
// into the first one. Another run that read a comment before this run wrote it
// may also overwrite it. So all comments are read once more, when such a run must
// have written, and are fixed if they have changed.
func (c *Client) CommentAll(ctx context.Context, marker string, comments []Comment) (said []int, err error) {
	var errs []error
	var done []Comment
	for _, comment := range comments {
		there, err := c.comment(ctx, marker, comment)
		if there {
			done = append(done, comment)
		}
		errs = append(errs, err)
		if final(ctx, err) {
			break
		}
	}
	if len(done) > 0 {
		if err := sleep(ctx, c.settle); err != nil {
			return numbers(done), errors.Join(append(errs, err)...)
		}
	}
	for _, comment := range done {
		if _, err := c.comment(ctx, marker, comment); err != nil {
			errs = append(errs, err)
			if final(ctx, err) {
				break
			}
		}
	}
	return numbers(done), errors.Join(errs...)
}

// final reports whether all further comments would fail in the same way.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.As(err, new(*Missing)) || errors.As(err, new(*Unavailable))
}

func numbers(comments []Comment) (all []int) {
	for _, c := range comments {
		all = append(all, c.Pull)
	}
	return all
}

// comment writes one comment until it reads back with the right text.
func (c *Client) comment(ctx context.Context, marker string, want Comment) (there bool, err error) {
	what := fmt.Sprintf("commenting on #%d", want.Pull)
	for range rounds {
		found, err := c.ours(ctx, marker, want.Pull)
		if err != nil {
			return false, explain(err, what, needWrite)
		}
		if len(found) == 0 && !want.Create {
			return false, nil
		}
		body := want.Edit(bodies(found))
		if len(found) == 1 && same(found[0].GetBody(), body) {
			return true, nil
		}
		if err := c.write(ctx, want.Pull, found, body); err != nil {
			return false, explain(err, what, needWrite)
		}
	}
	return false, fmt.Errorf("%s: other runs keep changing the comment", what)
}

// write sets the text of the first comment and removes the others.
func (c *Client) write(ctx context.Context, pull int, found []*github.IssueComment, body string) error {
	if err := c.changes.wait(ctx); err != nil {
		return err
	}
	if len(found) == 0 {
		_, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.repo, pull, &github.IssueComment{Body: &body})
		return err
	}
	if !same(found[0].GetBody(), body) {
		_, _, err := c.api.Issues.EditComment(ctx, c.owner, c.repo, found[0].GetID(), &github.IssueComment{Body: &body})
		if removed(err) {
			return nil // somebody removed it: the caller reads again
		}
		if err != nil {
			return err
		}
	}
	for _, more := range found[1:] {
		if _, err := c.api.Issues.DeleteComment(ctx, c.owner, c.repo, more.GetID()); err != nil && !removed(err) {
			return err
		}
	}
	return nil
}

// ours lists Slipway's comments on a pull request, oldest first. A comment that a
// person began with the same marker is not Slipway's.
func (c *Client) ours(ctx context.Context, marker string, pull int) (found []*github.IssueComment, err error) {
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{Page: 1, PerPage: perPage}}
	for options.Page != 0 {
		page, resp, err := c.api.Issues.ListComments(ctx, c.owner, c.repo, pull, options)
		if err != nil {
			return nil, err
		}
		for _, comment := range page {
			if strings.HasPrefix(comment.GetBody(), marker) && c.wrote(ctx, comment) {
				found = append(found, comment)
			}
		}
		options.Page = resp.NextPage
	}
	slices.SortFunc(found, func(a, b *github.IssueComment) int { return int(a.GetID() - b.GetID()) })
	return found, nil
}

// wrote reports whether a comment is from an app, as those of a workflow's own
// token are, or from the token's user.
func (c *Client) wrote(ctx context.Context, comment *github.IssueComment) bool {
	if comment.GetUser().GetType() == "Bot" {
		return true
	}
	if c.me == "" {
		c.me = "-" // matches no login; it stays if the token, like a workflow's, may not ask
		if me, _, err := c.api.Users.Get(ctx, ""); err == nil {
			c.me = me.GetLogin()
		}
	}
	return comment.GetUser().GetLogin() == c.me
}

func bodies(comments []*github.IssueComment) (all []string) {
	for _, c := range comments {
		all = append(all, c.GetBody())
	}
	return all
}

// same reports whether two texts are equal, but for what GitHub may change in
// them.
func same(a, b string) bool { return normal(a) == normal(b) }

func normal(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
