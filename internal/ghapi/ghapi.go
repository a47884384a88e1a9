// Package ghapi uses GitHub's REST API: it finds the pull requests between two
// commits, keeps one comment on each of them, and records deployments.
//
// The package does not know the text of a comment, which an [Edit] writes, nor
// what was deployed where.
package ghapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v62/github"
)

// Config says which API to use, for which repository, and with which token.
type Config struct {
	URL        string // such as https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise Server
	Repository string // OWNER/NAME
	Token      string
	// Told, if not nil, is called before long waits.
	Told func(line string)
	// Hide, if not nil, hides secrets in the JSON of each request.
	Hide func(json string) string

	// Zero means the default.
	Timeout time.Duration // for one try of a request: 15 s
	Wait    time.Duration // before the first retry, doubled for each further one: 1 s
	Settle  time.Duration // after the last comment, before all are read again: 3 s
	Pace    time.Duration // between two changes, when there are many: 1 s, as GitHub asks
}

// Client talks to GitHub about one repository. It serves one run, and one
// goroutine at a time.
type Client struct {
	api         *github.Client
	owner, repo string
	settle      time.Duration
	changes     pace
	clock       *clock
	me          string // the token's own user; empty until it is needed
}

// New returns a client if the configuration is valid. It sends nothing.
func New(c Config) (*Client, error) {
	owner, repo, ok := strings.Cut(c.Repository, "/")
	if !ok || owner == "" || repo == "" || strings.Contains(repo, "/") {
		return nil, fmt.Errorf("%q is not OWNER/REPOSITORY", c.Repository)
	}
	base, err := url.Parse(strings.TrimSuffix(c.URL, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%q is not the URL of GitHub's API", c.URL)
	}
	timeout := cmp.Or(c.Timeout, 15*time.Second)
	clock := &clock{}
	transport := clocked{hiding{retrying(timeout, cmp.Or(c.Wait, time.Second), c.Told), c.Hide}, clock}
	api := github.NewClient(&http.Client{Transport: transport}).WithAuthToken(c.Token)
	api.BaseURL, api.UserAgent = base, "slipway"
	return &Client{
		api: api, owner: owner, repo: repo, clock: clock,
		settle: cmp.Or(c.Settle, 3*time.Second), changes: pace{every: cmp.Or(c.Pace, time.Second)},
	}, nil
}

// pace spaces out changes when there are many of them: GitHub throttles clients
// that make more than about one a second.
type pace struct {
	every time.Duration
	made  int
	last  time.Time
}

// freely is the number of changes that are made without waiting.
const freely = 10

func (p *pace) wait(ctx context.Context) error {
	p.made++
	if p.made > freely {
		if err := sleep(ctx, time.Until(p.last.Add(p.every))); err != nil {
			return err
		}
	}
	p.last = time.Now()
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
