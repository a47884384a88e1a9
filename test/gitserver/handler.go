package gitserver

import (
	"crypto/subtle"
	"net/http"
	"os"
	"regexp"
)

// ServeHTTP answers as GitHub: who has no token learns nothing, not even which repositories there are; who has one
// gets 404 for what does not exist. There is no repository that this token may not read.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	authorized := s.authorized(r)
	s.record(Request{Method: r.Method, Path: r.URL.Path, Authorized: authorized})
	if !authorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="gitserver"`)
		http.Error(w, "Give the token as password.", http.StatusUnauthorized)
		return
	}
	parts := repositoryPath.FindStringSubmatch(r.URL.Path)
	if parts == nil || !isDir(s.repository(parts[1])) {
		http.Error(w, "Repository not found.", http.StatusNotFound)
		return
	}
	switch path := parts[2]; {
	case lfsPath.MatchString(path):
		s.serveLFS(w, r, path)
	case path == "info/refs" && r.URL.Query().Get("service") == "git-upload-pack", path == "git-upload-pack":
		s.git.ServeHTTP(w, r)
	default:
		http.Error(w, "This server only gives out.", http.StatusForbidden)
	}
}

// repositoryPath splits /NAME.git/REST. A name's parts do not begin with a dot: none leads out of the directory.
var repositoryPath = regexp.MustCompile(`^/([A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*?)\.git/(.*)$`)

func (s *Server) authorized(r *http.Request) bool {
	_, password, ok := r.BasicAuth()
	return ok && subtle.ConstantTimeCompare([]byte(password), []byte(s.token)) == 1
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
