package script

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
)

// MostHealth is how much of a health check's answer is of interest, in bytes.
const MostHealth = 256 << 10

// Ask requests a URL from the host itself, with curl. Connect, if not empty,
// says where the URL's server really is, as curl's --connect-to does.
func (h Host) Ask(ctx context.Context, url, connect string) (status int, body []byte, err error) {
	var said string
	err = h.quiet(ctx, call{
		script: "health",
		args:   args{{"url", url}, {"connect", connect}, {"most", strconv.Itoa(MostHealth)}},
		onFact: func(key, value string) {
			switch key {
			case "status":
				status, _ = strconv.Atoi(value) // curl's own number
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
