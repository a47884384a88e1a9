package githubapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// A call is one request, taken apart.
type call struct {
	*operation // nil: none that is served
	parameters map[string]string
	path       string // escaped, from the API's base on
	query      url.Values
	body       []byte
	request    *http.Request
}

// again is the request with its body still to be read.
func (c *call) again() *http.Request {
	r := c.request.Clone(c.request.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	return r
}

// number is a parameter of the path, which has been checked to be one.
func (c *call) number(name string) int64 {
	n, _ := strconv.ParseInt(c.parameters[name], 10, 64)
	return n
}

// queryNumber is a parameter of the query, or the default.
func (c *call) queryNumber(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.query.Get(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// into reads the body, which has been checked to be of this shape.
func (c *call) into(value any) { json.Unmarshal(c.body, value) }

// An answer is what is sent back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func reply(status int, value any) answer {
	return answer{status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, []byte(encode(value))}
}

const documentation = "https://docs.github.com/rest"

// refuse is an error as GitHub words it.
func refuse(status int, message string) answer {
	return reply(status, map[string]string{"message": message, "documentation_url": documentation})
}

func notFound() answer { return refuse(http.StatusNotFound, "Not Found") }

// invalid is GitHub's answer to a field of which it does not like what is in it.
func invalid(resource, field, code, message string) answer {
	return reply(http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": documentation,
		"errors": []map[string]string{{"resource": resource, "field": field, "code": code, "message": message}},
	})
}
