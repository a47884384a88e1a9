package githubapi

import (
	"cmp"
	"net/http"
	"time"
)

// A Fault is what happens to a request instead of its effect and answer. Its answer is checked as the server's own are;
// what GitHub declares for no operation, or for few, may come from all of them: redirects, 401, 403, 404, 422 as one of
// GitHub's errors, and 429 and 5xx as anything.
type Fault struct {
	Status      int           // 0: the request takes its course, after Delay
	Header      http.Header   // of the answer
	Body        string        // empty: an error as GitHub words it
	Delay       time.Duration // before all else. A request whose client does not wait for it has no effect
	Drop        bool          // the connection ends without an answer. A client may ask again by itself after a GET
	AfterEffect bool          // the request has its effect first, then comes the fault
}

// Faults sets what decides of each request whether something happens to it: nil if not.
func (s *Server) Faults(choose func(*http.Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = choose
}

// Hooks sets what is called before each request takes effect, and after that, before it is answered; nil: nothing.
// The request goes on when they return.
func (s *Server) Hooks(before, after func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *Server) hooks() (before, after func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.before, s.after
}

// faultFor is a fault of its own for each request, which does nothing if there is none.
func (s *Server) faultFor(c *call) *Fault {
	s.mu.Lock()
	choose := s.fault
	s.mu.Unlock()
	if choose != nil {
		if fault := choose(c.again()); fault != nil {
			return fault
		}
	}
	return &Fault{}
}

// wait reports whether the client waited, too.
func (f *Fault) wait(c *call) bool {
	if f.Delay == 0 {
		return true
	}
	select {
	case <-time.After(f.Delay):
		return true
	case <-c.request.Context().Done():
		return false
	}
}

// instead reports whether the fault takes the place of the answer.
func (f *Fault) instead() bool { return f.Drop || f.Status != 0 }

func (f *Fault) answer() answer {
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http's way to end a connection
	}
	a := refuse(f.Status, cmp.Or(http.StatusText(f.Status), "Error"))
	if f.Body != "" {
		a.body = []byte(f.Body)
	}
	for name, values := range f.Header {
		a.header[http.CanonicalHeaderKey(name)] = values
	}
	return a
}
