package ghapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	retries = 4
	// longestWait is the longest wait for one answer. A secondary rate limit ends
	// within a minute. The hourly one may take an hour, which is too long to wait.
	longestWait = 90 * time.Second
	// longWait is the shortest wait that gets a line in the log.
	longWait = 5 * time.Second
)

// retrying repeats requests that failed for a passing reason: the network, a
// server error, a rate limit that ends soon. It also repeats requests that create
// something; the caller checks afterwards whether there are two.
func retrying(timeout, wait time.Duration, told func(string)) http.RoundTripper {
	c := retryablehttp.NewClient()
	c.Logger = nil
	c.HTTPClient.Timeout = timeout
	c.RetryMax = retries
	c.RetryWaitMin, c.RetryWaitMax = wait, 30*wait
	c.CheckRetry = shouldRetry
	c.Backoff = func(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
		d := backoff(least, most, attempt, resp)
		if d >= longWait && told != nil {
			told(fmt.Sprintf("GitHub's API: trying again in %s", d.Round(time.Second)))
		}
		return d
	}
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler // the last answer says more than the number of tries
	return &retryablehttp.RoundTripper{Client: c}
}

func shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil || resp.StatusCode >= 500 {
		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	}
	if !limited(resp) {
		return false, nil
	}
	wait, known := asked(resp)
	until, bounded := ctx.Deadline()
	return !known || wait <= longestWait && (!bounded || time.Until(until) > wait), nil
}

// limited reports whether an answer is a rate limit. It may be the hourly one or a
// secondary one; both can come as 403.
func limited(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0"
	}
	return false
}

// asked returns how long an answer asks the client to wait.
func asked(resp *http.Response) (wait time.Duration, known bool) {
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return time.Duration(s) * time.Second, true
	}
	if resp.Header.Get("X-RateLimit-Remaining") != "0" {
		return 0, false
	}
	if s, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		wait = min(time.Until(time.Unix(s, 0)), 24*time.Hour) // far beyond longestWait
		return max(0, wait) + time.Second, true
	}
	return 0, false
}

func backoff(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if wait, known := asked(resp); known {
			return wait
		}
	}
	return min(least<<attempt, most)
}
