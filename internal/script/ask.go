package script

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
)

// MostHealth bounds how much of a health check's answer is read, in bytes.
const MostHealth = 256 << 10

// Ask requests a URL from the host itself, with curl. A non-empty connect has
// the real address of the URL's server, in the form of curl's --connect-to.
func (h Host) Ask(ctx context.Context, url, connect string) (status int, body []byte, err error) {
	var said string
	err = h.quiet(ctx, call{
		script: "health",
		args:   args{{"url", url}, {"connect", connect}, {"most", strconv.Itoa(MostHealth)}},
		onFact: func(key, value string) {
			switch key {
			case "status":
				status, _ = strconv.Atoi(value) // curl prints a number
			case "body":
				said = value
			}
		},
	})
	if err != nil {
		return 0, nil, err
	}
	if body, err = base64.StdEncoding.DecodeString(said); err != nil {
		err = fmt.Errorf("the health URL's answer: %w", err)
	}
	return status, body, err
}
