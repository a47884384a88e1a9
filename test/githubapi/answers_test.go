package githubapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/apxr/slipway/test/githubapi"
)

// everything asks for each operation once, with success.
func everything(t *testing.T, s *Server) map[string]reply {
	t.Helper()
	chain(s, "", "a", "b", "c", "d")
	s.Branch("main", SHA("c"))
	s.Pull(Pull{Number: 6, State: "merged", HeadSHA: SHA("b"), MergeCommitSHA: SHA("b")})
	s.Pull(Pull{Number: 7, HeadSHA: SHA("d")})
	s.Identity(Author{"somebody", "User"})
	all := map[string]reply{}
	one := func(method, path, body string) string {
		answer := ask(t, s, method, path, body)
		if answer.status >= 300 {
			t.Errorf("%s %s: %d %s", method, path, answer.status, answer.body)
		}
		all[method+" "+path] = answer
		var made struct{ ID int64 }
		json.Unmarshal([]byte(answer.body), &made)
		return fmt.Sprint(made.ID)
	}
	one("GET", "/user", "")
	one("GET", "compare/"+SHA("a")+"...main", "")
	one("GET", "commits/"+SHA("b")+"/pulls", "")
	one("GET", "pulls?state=all", "")
	comment := one("POST", "issues/7/comments", `{"body":"one"}`)
	one("GET", "issues/7/comments", "")
	one("PATCH", "issues/comments/"+comment, `{"body":"two"}`)
	one("DELETE", "issues/comments/"+comment, "")
	deployment := one("POST", "deployments", `{"ref":"main","auto_merge":false,"required_contexts":[],"payload":"x","description":null}`)
	one("GET", "deployments", "")
	one("GET", "deployments/"+deployment, "")
	one("POST", "deployments/"+deployment+"/statuses", `{"state":"success","log_url":"https://log"}`)
	one("GET", "deployments/"+deployment+"/statuses", "")
	return all
}

func TestAnswersAreAsDescribed(t *testing.T) { everything(t, New(t, Options{})) }

func TestWrongAnswers(t *testing.T) {
	answers := everything(t, New(t, Options{}))
	for name, c := range map[string]struct {
		request  string
		status   int
		old, new string // in the answer that is right
		want     string
	}{
		"nothing is wrong":            {"GET pulls?state=all", 200, "", "", ""},
		"a field more":                {"GET /user", 200, `{`, `{"x":1,`, "property \"x\" is unsupported"},
		"a field more in a list":      {"GET pulls?state=all", 200, `[{`, `[{"x":1,`, "body[].x is not declared"},
		"a field more, deep":          {"GET pulls?state=all", 200, `"repo":{`, `"repo":{"x":1,`, ".repo.x is not declared"},
		"a field more in a commit":    {"GET compare/" + SHA("a") + "...main", 200, `"tree":{`, `"tree":{"x":1,`, "tree.x is not declared"},
		"a field less":                {"GET pulls?state=all", 200, `"number":7,`, ``, `property "number" is missing`},
		"a field of another type":     {"GET pulls?state=all", 200, `"number":7`, `"number":"7"`, "number: value must be an integer"},
		"a field of no such kind":     {"GET compare/" + SHA("a") + "...main", 200, `"status":"ahead"`, `"status":"before"`, "/status: value is not one"},
		"null where there is a value": {"GET issues/7/comments", 200, `"NONE"`, `null`, "/author_association: value is not one"},
		"a time that is none":         {"GET issues/7/comments", 200, `"created_at":"`, `"created_at":"on `, "created_at"},
		"an object, not a list":       {"GET pulls?state=all", 200, `[`, `{"items":[`, "it answers 200"},
		"half of it":                  {"GET pulls?state=all", 200, `]`, ``, "it answers 200"},
		"a status of another kind":    {"GET pulls?state=all", 201, "", "", "answers 201, which is not declared"},
		"a conflict without one":      {"GET pulls?state=all", 409, "", "", "answers 409, which is not declared"},
		"an error that is none":       {"GET pulls?state=all", 404, "", "", "it answers 404"},
		"a declared error, not such":  {"GET compare/" + SHA("a") + "...main", 404, "", "", "it answers 404"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			right := answers[c.request]
			s.Faults(func(*http.Request) *Fault {
				return &Fault{Status: c.status, Body: strings.Replace(right.body, c.old, c.new, 1)}
			})
			method, path, _ := strings.Cut(c.request, " ")
			ask(t, s, method, path, "")
			found := strings.Join(s.Violations(), "\n")
			if !strings.Contains(found, c.want) || (found == "") != (c.want == "") {
				t.Errorf("want %q, found %q", c.want, found)
			}
		})
	}
}

// A recorder is a test to look at.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Cleanup(f func())  { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Fatal(args ...any) { r.Errorf("%v", args) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestViolationsFailTheTest(t *testing.T) {
	test := &recorder{TB: t}
	s := New(test, Options{})
	ask(t, s, "GET", "pulls?x=1", "")
	if len(test.errors) > 0 {
		t.Errorf("before its end: %q", test.errors)
	}
	for _, cleanup := range test.cleanups {
		cleanup()
	}
	if len(test.errors) != 1 || !strings.Contains(test.errors[0], `GET /repos/apxr/apxr_io/pulls?x=1: query parameter "x" is not declared`) {
		t.Errorf("%q", test.errors)
	}
}

func TestEnterpriseServer(t *testing.T) {
	s, err := Start(Options{EnterpriseServer: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if answer := ask(t, s, "GET", "pulls", ""); answer.status != 200 || !strings.HasSuffix(s.URL, "/api/v3") {
		t.Errorf("%s: %d %s", s.URL, answer.status, answer.body)
	}
	violates(t, s, "")
	s.URL = strings.TrimSuffix(s.URL, "/api/v3")
	ask(t, s, "GET", "pulls", "")
	violates(t, s, "no such operation")
}
