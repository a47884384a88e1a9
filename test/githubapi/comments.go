package githubapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Comment is one in the conversation of a pull request.
type Comment struct {
	ID                   int64
	Pull                 int
	Author               Author
	Body                 string
	CreatedAt, UpdatedAt time.Time
}

// Comment adds a comment by somebody, and returns its ID.
func (s *Server) Comment(pull int, author Author, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pull(int64(pull)) == nil {
		panic(fmt.Sprintf("githubapi: there is no pull request %d", pull))
	}
	return s.comment(pull, author, body).ID
}

func (s *Server) comment(pull int, author Author, body string) *Comment {
	now := s.stamp()
	made := &Comment{s.id(), pull, author, body, now, now}
	s.comments = append(s.comments, made)
	s.pull(int64(pull)).UpdatedAt = now
	return made
}

// Comments are those on a pull request, oldest first.
func (s *Server) Comments(pull int) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Comment
	for _, comment := range s.commentsOn(&Pull{Number: pull}) {
		all = append(all, *comment)
	}
	return all
}

func (s *Server) commentsOn(p *Pull) (found []*Comment) {
	for _, comment := range s.comments {
		if comment.Pull == p.Number {
			found = append(found, comment)
		}
	}
	return found
}

func (s *Server) listComments(c *call) answer {
	p := s.pull(c.number("issue_number"))
	if p == nil {
		return notFound()
	}
	since, _ := time.Parse(time.RFC3339, c.query.Get("since"))
	found := slices.DeleteFunc(s.commentsOn(p), func(comment *Comment) bool { return comment.UpdatedAt.Before(since) })
	return list(s, c, found, s.commentObject)
}

func (s *Server) createComment(c *call) answer {
	p := s.pull(c.number("issue_number"))
	var sent Comment
	c.into(&sent)
	switch refused := refusedBody(sent.Body); {
	case p == nil:
		return notFound()
	case p.Locked:
		return refuse(http.StatusForbidden, "Unable to create comment because issue is locked.")
	case refused != nil:
		return *refused
	}
	object := s.commentObject(s.comment(p.Number, s.identity, sent.Body))
	a := reply(http.StatusCreated, object)
	a.header.Set("Location", object["url"].(string))
	return a
}

func (s *Server) updateComment(c *call) answer {
	at := s.findComment(c)
	var sent Comment
	c.into(&sent)
	switch refused := refusedBody(sent.Body); {
	case at < 0:
		return notFound()
	case refused != nil:
		return *refused
	}
	comment := s.comments[at]
	comment.Body, comment.UpdatedAt = sent.Body, s.stamp()
	s.pull(int64(comment.Pull)).UpdatedAt = comment.UpdatedAt
	return reply(http.StatusOK, s.commentObject(comment))
}

func (s *Server) deleteComment(c *call) answer {
	at := s.findComment(c)
	if at < 0 {
		return notFound()
	}
	s.comments = slices.Delete(s.comments, at, at+1)
	return answer{status: http.StatusNoContent, header: http.Header{}}
}

// findComment is where the comment is, or -1.
func (s *Server) findComment(c *call) int {
	id := c.number("comment_id")
	return slices.IndexFunc(s.comments, func(comment *Comment) bool { return comment.ID == id })
}

// longest is how many characters a comment may have.
const longest = 65536

func refusedBody(body string) *answer {
	var refused answer
	switch {
	case strings.TrimSpace(body) == "":
		refused = invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
	case utf8.RuneCountInString(body) > longest:
		refused = invalid("IssueComment", "data", "unprocessable", "Body is too long (maximum is 65536 characters)")
	default:
		return nil
	}
	return &refused
}

func (s *Server) commentObject(comment *Comment) map[string]any {
	return with(s.example("issue-comment"), map[string]any{
		"id": comment.ID, "body": comment.Body, "user": s.user(comment.Author), "author_association": "NONE",
		"created_at": timestamp(comment.CreatedAt), "updated_at": timestamp(comment.UpdatedAt),
		"url":       s.inRepository(fmt.Sprintf("/issues/comments/%d", comment.ID)),
		"html_url":  s.onTheWeb(fmt.Sprintf("/pull/%d#issuecomment-%d", comment.Pull, comment.ID)),
		"issue_url": s.inRepository(fmt.Sprintf("/issues/%d", comment.Pull)),
	})
}
