package githubapi_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/apxr/slipway/test/githubapi"
)

// violates expects that there is one violation, and that it says this; empty: there is none.
func violates(t *testing.T, s *Server, want string) {
	t.Helper()
	found := s.Violations()
	if want == "" && len(found) > 0 {
		t.Errorf("found %q", found)
	}
	if want != "" && (len(found) != 1 || !strings.Contains(found[0], want)) {
		t.Errorf("want %q alone, found %q", want, found)
	}
}

func TestRequests(t *testing.T) {
	const deployment = `"ref":"main","auto_merge":false,"required_contexts":[]`
	for name, c := range map[string]struct {
		method, path, body string
		want               string // empty: no violation
	}{
		"as described":                {"GET", "pulls?state=all&sort=updated&direction=desc&base=main&per_page=100&page=2", "", ""},
		"a branch with a slash":       {"GET", "compare/feature%2Fx...main", "", ""},
		"a branch with a slash, raw":  {"GET", "compare/feature/x...main", "", ""},
		"an object as payload":        {"POST", "deployments", `{` + deployment + `,"payload":{"any":{"key":1}}}`, ""},
		"text as payload":             {"POST", "deployments", `{` + deployment + `,"payload":"text"}`, ""},
		"another path":                {"GET", "pull", "", "no such operation"},
		"no path":                     {"GET", "/", "", "no such operation"},
		"a slash too many":            {"GET", "pulls/", "", "no such operation"},
		"two slashes":                 {"GET", "/repos/apxr//apxr_io/pulls", "", "no such operation"},
		"another method":              {"PUT", "issues/comments/1", `{"body":"x"}`, "no such operation"},
		"only the head":               {"HEAD", "pulls", "", "no such operation"},
		"an operation not served":     {"GET", "issues/7", "", "no such operation"},
		"another parameter":           {"GET", "pulls?status=open", "", `query parameter "status" is not declared`},
		"one of another operation":    {"GET", "deployments?state=open", "", `query parameter "state" is not declared`},
		"a parameter of another type": {"GET", "pulls?per_page=many", "", `parameter "per_page" in query`},
		"a parameter of no such kind": {"GET", "pulls?state=merged", "", `parameter "state" in query`},
		"a time that is none":         {"GET", "issues/7/comments?since=yesterday", "", `parameter "since" in query`},
		"a parameter twice":           {"GET", "pulls?page=1&page=2", "", `"page" is there 2 times`},
		"a parameter in a change":     {"POST", "issues/7/comments?page=1", `{"body":"x"}`, `query parameter "page" is not declared`},
		"no number in the path":       {"GET", "issues/seven/comments", "", `parameter "issue_number" in path`},
		"two dots":                    {"GET", "compare/a..b", "", "not BASE...HEAD"},
		"an order not served":         {"GET", "pulls?sort=long-running", "", "not served"},
		"another field":               {"POST", "issues/7/comments", `{"body":"x","text":"y"}`, "body.text is not declared"},
		"another field in a status":   {"POST", "deployments/1/statuses", `{"state":"success","url":"https://x"}`, "body.url is not declared"},
		"a field of another type":     {"POST", "issues/7/comments", `{"body":7}`, "/body: value must be a string"},
		"a list of another type":      {"POST", "deployments", `{"ref":"main","auto_merge":false,"required_contexts":[1]}`, "/required_contexts/0: value must be a string"},
		"a payload of another type":   {"POST", "deployments", `{` + deployment + `,"payload":[1]}`, "/payload: value doesn't match any schema"},
		"no such state":               {"POST", "deployments/1/statuses", `{"state":"done"}`, "/state: value is not one of the allowed values"},
		"a field is missing":          {"POST", "issues/7/comments", `{}`, `/body: property "body" is missing`},
		"null":                        {"PATCH", "issues/comments/1", `{"body":null}`, "/body: Value is not nullable"},
		"no object":                   {"PATCH", "issues/comments/1", `"x"`, "value must be an object"},
		"no JSON":                     {"POST", "issues/7/comments", `{"body":`, "request body has an error"},
		"no body":                     {"POST", "issues/7/comments", "", "request body has an error"},
		"a body where there is none":  {"GET", "pulls", `{"state":"open"}`, "none is declared"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			chain(s, "", "a")
			s.Branch("main", SHA("a"))
			answer := ask(t, s, c.method, c.path, c.body)
			violates(t, s, c.want)
			if c.want != "" && answer.status < 400 {
				t.Errorf("it is answered with %d", answer.status)
			}
			if len(s.Deployments()) > 0 && c.want != "" {
				t.Error("it has an effect")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		header, value string // empty: it is not sent
		want          string
	}{
		"of version 3":         {"Accept", "application/vnd.github.v3+json", ""},
		"of a preview":         {"Accept", "application/vnd.github.ant-man-preview+json, application/vnd.github.flash-preview+json", ""},
		"whatever there is":    {"Accept", "*/*", "Accept is"},
		"some JSON":            {"Accept", "application/json", "Accept is"},
		"a diff":               {"Accept", "application/vnd.github.diff", "Accept is"},
		"nothing to accept":    {"Accept", "", "Accept is"},
		"as scripts have it":   {"Authorization", "token secret", ""},
		"no token":             {"Authorization", "", "Authorization has no token"},
		"an empty token":       {"Authorization", "Bearer ", "Authorization has no token"},
		"another scheme":       {"Authorization", "secret", "Authorization has no token"},
		"no agent":             {"User-Agent", "", "User-Agent is missing"},
		"no version":           {"X-GitHub-Api-Version", "", ""},
		"another version":      {"X-GitHub-Api-Version", "2021-01-01", "X-GitHub-Api-Version"},
		"another content type": {"Content-Type", "text/plain", "header Content-Type has unexpected value"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := request(t, s, http.MethodPost, "/repos/apxr/apxr_io/issues/7/comments", `{"body":"x"}`)
			r.Header.Set(c.header, c.value)
			if c.value == "" {
				r.Header.Del(c.header)
			}
			if c.header == "User-Agent" {
				r.Header["User-Agent"] = []string{""} // or Go sends its own
			}
			send(t, r)
			violates(t, s, c.want)
		})
	}
}
