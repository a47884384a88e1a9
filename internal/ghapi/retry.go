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
	// longestWait is how long one answer may make a run wait. A secondary limit
	// ends within a minute; the hourly one may take an hour, which nobody waits.
	longestWait = 90 * time.Second
	// longWait is worth a line in the log.
	longWait = 5 * time.Second
)

// retrying tries a request again that failed for a reason that passes: the
// network, a server's error, a rate limit that ends soon. It also repeats what
// creates something: who asks for that looks afterwards whether there are two.
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
			told(fmt.Sprintf("GitHub's API is asked again in %s", d.Round(time.Second)))
		}
		return d
	}
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler // the last answer says more than how often it was tried
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

// limited reports whether an answer is a rate limit: the hourly one, or one of
// the secondary ones, which come as 403 too.
func limited(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-RateLimit-Remaining") == "0"
	}
	return false
}

// asked is how long an answer asks to wait.
func asked(resp *http.Response) (wait time.Duration, known bool) {
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return time.Duration(s) * time.Second, true
	}
	if resp.Header.Get("X-RateLimit-Remaining") != "0" {
		return 0, false
	}
	if s, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		wait = min(time.Until(time.Unix(s, 0)), 24*time.Hour) // which is as good as never
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
