package githubapi

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/url"
	"strings"
	"time"
)

// The commit in the examples.
const (
	exampleSHA  = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
	exampleDate = "2011-04-14T16:00:49Z"
)

// adapt makes GitHub's own examples, of which the answers are made, be of this repository.
func (s *Server) adapt() {
	words := strings.NewReplacer(
		"https://api.github.com", s.URL, "octocat/Hello-World", s.repository, "octocat/example", s.repository,
		`"octocat"`, `"`+s.owner+`"`, "octocat:", s.owner+":", "Hello-World", s.name)
	s.examples = map[string]string{}
	for name, example := range s.described.Components.Examples {
		value := example.Value.Value
		if list, isList := value.([]any); isList {
			value = list[0]
		}
		s.examples[name] = words.Replace(encode(value))
	}
	s.examples["commit"] = encode(s.example("commit-comparison")["base_commit"])
	s.examples["user"] = encode(s.example("issue-comment")["user"])
	s.adaptPull()
}

// adaptPull takes the repository out, which is most of the example, and the same in all pull requests. GitHub's example
// has more of it than is declared.
func (s *Server) adaptPull() {
	pull := s.example("pull-request-simple-items")
	for _, end := range []string{"head", "base"} {
		end := pull[end].(map[string]any)
		s.inPulls = end["repo"].(map[string]any)
		delete(end, "repo")
	}
	for _, name := range []string{"network_count", "subscribers_count", "template_repository"} {
		delete(s.inPulls, name)
	}
	s.examples["pull"] = encode(with(pull, map[string]any{
		"body": nil, "active_lock_reason": nil, "milestone": nil, "assignee": nil,
		"labels": []any{}, "assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{},
	}))
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// example is a copy, with these words in the place of others.
func (s *Server) example(name string, oldnew ...string) (object map[string]any) {
	text, ok := s.examples[name]
	if !ok {
		panic("githubapi: GitHub's description has no example " + name)
	}
	if err := json.Unmarshal([]byte(strings.NewReplacer(oldnew...).Replace(text)), &object); err != nil {
		panic(err)
	}
	return object
}

// as makes an account somebody's.
func (s *Server) as(a Author, user map[string]any) map[string]any {
	hash := fnv.New32()
	hash.Write([]byte(a.Login))
	user["id"] = hash.Sum32()
	for key, value := range user {
		if text, isText := value.(string); isText && strings.HasSuffix(key, "url") {
			user[key] = strings.Replace(text, "/octocat", "/"+url.PathEscape(a.Login), 1)
		}
	}
	user["login"], user["type"] = a.Login, a.Type
	return user
}

// user is an account as it stands in comments, pull requests and deployments.
func (s *Server) user(a Author) map[string]any {
	return s.as(a, s.example("user"))
}

// with is an object with some of its fields set.
func with(object, fields map[string]any) map[string]any {
	maps.Copy(object, fields)
	return object
}

// timestamp is null for a time that has not come.
func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// inRepository is the address of something in the repository, for the API.
func (s *Server) inRepository(path string) string { return s.URL + "/repos/" + s.repository + path }

// onTheWeb is its address for people.
func (s *Server) onTheWeb(path string) string { return "https://github.com/" + s.repository + path }
