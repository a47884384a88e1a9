package githubapi

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ServeHTTP answers one request. What is not as described has no effect.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	c := s.received(r, body)
	if c.operation == nil {
		s.violate(c, "there is no such operation here")
		s.send(w, notFound())
		return
	}
	if found := append(s.described.checkRequest(c), notServed(c)...); len(found) > 0 {
		s.violate(c, found...)
		s.send(w, refuse(http.StatusUnprocessableEntity, strings.Join(found, "; ")))
		return
	}
	if a, ok := s.perform(c); ok {
		s.violate(c, s.described.checkAnswer(c, a)...)
		s.send(w, a)
	}
}

// received takes a request apart and notes it.
func (s *Server) received(r *http.Request, body []byte) *call {
	c := &call{request: r, body: body, query: r.URL.Query(), path: r.URL.EscapedPath()}
	path, ours := strings.CutPrefix(c.path, s.base)
	if ours {
		c.path = path
		c.operation, c.parameters = find(r.Method, path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{r.Method, c.path, r.URL.RawQuery, string(body)})
	return c
}

// perform is what a request does, and what comes of it; nothing does if its client went away before.
func (s *Server) perform(c *call) (a answer, answered bool) {
	before, after := s.hooks()
	if before != nil {
		before(c.again())
	}
	fault := s.faultFor(c)
	if !fault.AfterEffect && !fault.wait(c) {
		return a, false
	}
	if fault.AfterEffect || !fault.instead() {
		a = s.effect(c)
		if after != nil {
			after(c.again())
		}
	}
	if fault.AfterEffect && !fault.wait(c) {
		return a, false
	}
	if fault.instead() {
		a = fault.answer()
	}
	return a, true
}

// notServed is what GitHub's description has no form for, or this server no answer.
func notServed(c *call) (found []string) {
	if basehead, compares := c.parameters["basehead"]; compares && !strings.Contains(basehead, "...") {
		found = append(found, "this is not BASE...HEAD")
	}
	if c.query.Get("sort") == "long-running" {
		found = append(found, "long-running is not served here")
	}
	return found
}

func (s *Server) effect(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, inRepository := c.parameters["owner"]
	switch {
	case inRepository && !strings.EqualFold(owner+"/"+c.parameters["repo"], s.repository):
		return notFound()
	case !s.permitted(c.needs):
		return s.forbidden(c.needs)
	}
	return c.effect(s, c)
}

func (s *Server) send(w http.ResponseWriter, a answer) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	w.Write(a.body)
}
