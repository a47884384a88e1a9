package githubapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	. "github.com/apxr/slipway/test/githubapi"
)

// start serves without failing the test for violations.
func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) object(t *testing.T) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &object); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return object
}

// field is a field of each object in a list.
func (r reply) field(t *testing.T, name string) []any {
	t.Helper()
	var objects []map[string]any
	if err := json.Unmarshal([]byte(r.body), &objects); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return fields(objects, name)
}

func fields(objects []map[string]any, name string) []any {
	values := []any{}
	for _, object := range objects {
		values = append(values, object[name])
	}
	return values
}

// request is one as GitHub wants it.
func request(t *testing.T, s *Server, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// ask sends a request; path begins below the repository, or with a slash at the API's base.
func ask(t *testing.T, s *Server, method, path, body string) reply {
	t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/repos/apxr/apxr_io/" + path
	}
	return send(t, request(t, s, method, path, body))
}

func send(t *testing.T, r *http.Request) reply {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// chain adds commits that follow each other.
func chain(s *Server, after string, names ...string) {
	for _, name := range names {
		if after == "" {
			s.Commit(SHA(name))
		} else {
			s.Commit(SHA(name), SHA(after))
		}
		after = name
	}
}
