package githubapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// An Author is an account on GitHub.
type Author struct {
	Login string
	Type  string // User or Bot
}

// Identity says whose the token is, whatever token it is. At first it is a workflow's own: github-actions[bot]'s.
func (s *Server) Identity(a Author) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity = a
}

// Permissions says what the token may: contents, pull_requests, issues, deployments: none, read or write. As in a
// workflow, what is not named is none; nil is everything, as at first.
func (s *Server) Permissions(p map[string]string) {
	for name, level := range p {
		if !slices.Contains([]string{"contents", "pull_requests", "issues", "deployments"}, name) ||
			!slices.Contains([]string{"none", "read", "write"}, level) {
			panic("githubapi: no such permission: " + name + ": " + level)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permissions = maps.Clone(p)
}

// permitted reports whether the token has one of these permissions.
func (s *Server) permitted(needs string) bool {
	if needs == "" || s.permissions == nil {
		return true
	}
	for need := range strings.SplitSeq(needs, "; ") {
		name, level, _ := strings.Cut(need, "=")
		if has := s.permissions[name]; has == level || has == "write" {
			return true
		}
	}
	return false
}

func (s *Server) forbidden(needs string) answer {
	who := "integration"
	if s.identity.Type == "User" {
		who = "personal access token"
	}
	a := refuse(http.StatusForbidden, "Resource not accessible by "+who)
	if needs != "" {
		a.header.Set("X-Accepted-GitHub-Permissions", needs)
	}
	return a
}

// getUser is for people: GitHub has no answer for a workflow's own token.
func (s *Server) getUser(*call) answer {
	if s.identity.Type != "User" {
		return s.forbidden("")
	}
	user := s.example("private-user-response-with-public-profile-information")
	user["user_view_type"] = "public"
	return reply(http.StatusOK, s.as(s.identity, user))
}
