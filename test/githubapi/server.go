package githubapi

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options are what a server is made with. Zero means the default.
type Options struct {
	Repository       string           // OWNER/NAME: apxr/apxr_io
	DefaultBranch    string           // main
	EnterpriseServer bool             // the API is below /api/v3
	Now              func() time.Time // time.Now
}

// A Server is a repository behind GitHub's API. All of its methods may be called while it serves.
type Server struct {
	URL string // the API's, without a slash at the end

	repository, owner, name string
	defaultBranch           string
	base                    string // of all paths
	now                     func() time.Time
	described               description
	examples                map[string]string
	inPulls                 map[string]any // the repository, as it stands in pull requests
	http                    *httptest.Server

	mu            sync.Mutex
	violations    []string
	requests      []Request
	fault         func(*http.Request) *Fault
	before, after func(*http.Request)

	identity    Author
	permissions map[string]string // nil: all
	commits     graph
	pulls       []*Pull // by number
	comments    []*Comment
	deployments []*Deployment
	lastID      int64
}

// A Request is one that the server got, whatever it answered.
type Request struct {
	Method string
	Path   string // from the API's base on, without the query
	Query  string
	Body   string
}

// New serves until the test ends, and fails it if there was a violation.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, violation := range s.Violations() {
			t.Errorf("not as GitHub describes its API: %s", violation)
		}
	})
	return s
}

// Start serves at a free port of this machine, until Close. Whoever calls it looks at the violations.
func Start(o Options) (*Server, error) {
	described, err := describe()
	if err != nil {
		return nil, err
	}
	s := &Server{
		repository: cmp.Or(o.Repository, "apxr/apxr_io"), defaultBranch: cmp.Or(o.DefaultBranch, "main"),
		now: time.Now, described: described, identity: Author{"github-actions[bot]", "Bot"},
		commits: newGraph(),
		lastID:  1 << 32, // as GitHub's have long been: they do not fit in 32 bits
	}
	if o.Now != nil {
		s.now = o.Now
	}
	if o.EnterpriseServer {
		s.base = "/api/v3"
	}
	s.owner, s.name, _ = strings.Cut(s.repository, "/")
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL + s.base
	s.adapt()
	return s, nil
}

// Close waits for requests that are being answered.
func (s *Server) Close() { s.http.Close() }

// Violations are what clients, or the server itself, did that GitHub does not describe.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Requests are all requests so far, in the order in which they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) violate(c *call, found ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range found {
		s.violations = append(s.violations, c.request.Method+" "+c.request.URL.RequestURI()+": "+one)
	}
}

// id is the next one: GitHub's increase.
func (s *Server) id() int64 {
	s.lastID++
	return s.lastID
}

// stamp is the time as GitHub has it, in whole seconds.
func (s *Server) stamp() time.Time { return s.now().UTC().Truncate(time.Second) }
