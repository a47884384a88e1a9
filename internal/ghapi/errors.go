package ghapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"
)

// Missing reports a permission that the token lacks.
type Missing struct {
	Permission string // in a workflow's words, such as "pull-requests: write"
	What       string // what the request was for
}

func (e *Missing) Error() string {
	return fmt.Sprintf("%s: the token lacks a permission. Add '%s' to the job's permissions", e.What, e.Permission)
}

// Unavailable reports that GitHub does not serve this token at all: any other
// request would fail in the same way.
type Unavailable struct{ reason string }

func (e *Unavailable) Error() string { return e.reason }

func unavailable(format string, args ...any) error {
	return &Unavailable{fmt.Sprintf(format, args...)}
}

// errLocked reports a conversation to which nobody may add.
var errLocked = errors.New("the conversation is locked")

// explain turns an error of the API into one for people. The argument what names the
// purpose of the request, and needs the permission that it takes. The errors never
// contain tokens or bodies.
func explain(err error, what, needs string) error {
	var rate *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	var network *url.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &rate):
		return unavailable("%s: GitHub's hourly rate limit is used up until %s", what, rate.Rate.Reset.UTC().Format("15:04:05Z"))
	case errors.As(err, &abuse):
		return unavailable("%s: GitHub's secondary rate limit: it asks for fewer requests", what)
	case errors.As(err, &answer) && answer.Response != nil:
		return answered(answer, what, needs)
	case errors.As(err, &network): // leave out the URL that its text has
		return unavailable("%s: GitHub's API does not answer: %v", what, network.Err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func answered(a *github.ErrorResponse, what, needs string) error {
	status := a.Response.StatusCode
	switch {
	case status == http.StatusForbidden && strings.Contains(a.Message, "locked"):
		return fmt.Errorf("%s: %w", what, errLocked)
	case status == http.StatusUnauthorized:
		return unavailable("%s: GitHub does not accept the token (github-token): it is expired or mistyped", what)
	case status == http.StatusForbidden && !limited(a.Response):
		return &Missing{Permission: needs, What: what}
	}
	text := http.StatusText(status)
	if a.Message != "" {
		text = a.Message
	}
	for _, e := range a.Errors {
		text += fmt.Sprintf("; %s %s %s", e.Field, e.Code, e.Message)
	}
	text = fmt.Sprintf("%s: GitHub answers %d: %.300s", what, status, oneLine(text))
	if status >= 500 || limited(a.Response) {
		return unavailable("%s", text)
	}
	return errors.New(text)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// unknown reports whether GitHub does not know a commit. It answers 422 to a text
// that cannot be a commit.
func unknown(err error) bool {
	return answers(err, http.StatusNotFound, http.StatusUnprocessableEntity)
}

// removed reports whether GitHub no longer has what was asked for.
func removed(err error) bool { return answers(err, http.StatusNotFound, http.StatusGone) }

func answers(err error, statuses ...int) bool {
	var answer *github.ErrorResponse
	return errors.As(err, &answer) && answer.Response != nil && slices.Contains(statuses, answer.Response.StatusCode)
}
