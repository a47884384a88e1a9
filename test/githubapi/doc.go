// Package githubapi is GitHub's REST API for tests: a repository with commits, pull requests, comments and deployments in
// memory, behind a server on this machine.
//
// Each request, and each of the server's own answers, is held against the description of the API that GitHub publishes,
// and more strictly than it asks for: a path, parameter, field or status that it does not name is a violation, and fails
// the test. So what a client sends is what GitHub knows, and what a client gets is what GitHub may send.
//
// It does not know who its clients are, and has no more of the API than operations.go says. What GitHub does without
// writing it down is here as far as somebody saw it: a test with this package is no proof that GitHub does the same.
package githubapi
