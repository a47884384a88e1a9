package githubapi

import (
	"net/url"
	"strings"
)

// An operation is one of the API's, under the path that GitHub's description has it under.
type operation struct {
	method, path string
	needs        string // permissions, as GitHub's header has them: those after a semicolon do as well
	effect       func(*Server, *call) answer
}

// operations are what is served.
var operations = []operation{
	{"GET", "/user", "", (*Server).getUser},
	{"GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents=read", (*Server).compare},
	{"GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents=read", (*Server).getRef},
	{"GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests=read", (*Server).listPullsOfCommit},
	{"GET", "/repos/{owner}/{repo}/pulls", "pull_requests=read", (*Server).listPulls},
	{"GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "issues=read; pull_requests=read", (*Server).listComments},
	{"POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "issues=write; pull_requests=write", (*Server).createComment},
	{"PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "issues=write; pull_requests=write", (*Server).updateComment},
	{"DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "issues=write; pull_requests=write", (*Server).deleteComment},
	{"GET", "/repos/{owner}/{repo}/deployments", "deployments=read", (*Server).listDeployments},
	{"POST", "/repos/{owner}/{repo}/deployments", "deployments=write", (*Server).createDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{deployment_id}", "deployments=read", (*Server).getDeployment},
	{"GET", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments=read", (*Server).listStatuses},
	{"POST", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments=write", (*Server).createStatus},
}

// find is the operation that a request is for, and the parameters in its path; nil if there is none.
func find(method, path string) (*operation, map[string]string) {
	for i := range operations {
		if o := &operations[i]; o.method == method {
			if parameters, ok := o.match(path); ok {
				return o, parameters
			}
		}
	}
	return nil, nil
}

func (o *operation) match(path string) (map[string]string, bool) {
	segments, given := strings.Split(o.path, "/"), strings.Split(path, "/")
	if strings.HasSuffix(o.path, "/{basehead}") || strings.HasSuffix(o.path, "/{ref}") { // branches may have slashes in their names
		given = strings.SplitN(path, "/", len(segments))
	}
	if len(given) != len(segments) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, segment := range segments {
		name, isParameter := strings.CutPrefix(segment, "{")
		value, err := url.PathUnescape(given[i])
		switch {
		case !isParameter && given[i] != segment, isParameter && (err != nil || value == ""):
			return nil, false
		case isParameter:
			parameters[strings.TrimSuffix(name, "}")] = value
		}
	}
	return parameters, true
}
