package ghapi

import (
	"net/http"
	"time"
)

// synced bounds the difference that is the measurement's own: GitHub tells its
// time in whole seconds, and an answer takes a moment.
const synced = 1500 * time.Millisecond

// clock compares this machine's clock with GitHub's.
type clock struct {
	ahead time.Duration // how far GitHub's clock is ahead
	known bool
}

// read measures by the first answer that has a date. Later answers do not change
// the result, so that a text made of it stays the same.
func (k *clock) read(resp *http.Response) {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || k.known {
		return
	}
	k.known = true
	if ahead := time.Until(at.Add(time.Second / 2)); ahead.Abs() > synced {
		k.ahead = ahead.Round(time.Second)
	}
}

// clocked reads the clock of each answer.
type clocked struct {
	http.RoundTripper
	clock *clock
}

func (c clocked) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		c.clock.read(resp)
	}
	return resp, err
}

// Ahead returns how far GitHub's clock is ahead of this machine's. It is known
// after the first answer; before that, and if both clocks agree, it is zero.
func (c *Client) Ahead() time.Duration { return c.clock.ahead }
