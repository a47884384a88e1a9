package githubapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A Deployment is a commit that goes to an environment. The fields have the names that a request has them by.
type Deployment struct {
	ID          int64           `json:"-"`
	SHA         string          `json:"-"`
	Ref         string          `json:"ref"`
	Task        string          `json:"task"`
	Environment string          `json:"environment"`
	Description string          `json:"description"`
	Payload     json.RawMessage `json:"payload"`
	Transient   bool            `json:"transient_environment"`
	Production  *bool           `json:"production_environment"` // nil: if it is called so
	Creator     Author          `json:"-"`
	CreatedAt   time.Time       `json:"-"`
	Statuses    []Status        `json:"-"` // oldest first

	original string // the environment, before a status changed it
}

// Deployment adds a deployment with its statuses, and returns its ID.
func (s *Server) Deployment(d Deployment) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deploy(&d) {
		panic("githubapi: there is no commit or branch " + d.Ref)
	}
	return d.ID
}

// Deployments are all of them, oldest first.
func (s *Server) Deployments() []Deployment {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Deployment, len(s.deployments))
	for i, d := range s.deployments {
		all[i] = *d
		all[i].Statuses = slices.Clone(d.Statuses)
	}
	return all
}

// deploy fills in what GitHub does, and reports whether the ref is there.
func (s *Server) deploy(d *Deployment) (ok bool) {
	if d.SHA, ok = s.commits.resolve(d.Ref); !ok {
		return false
	}
	d.Task, d.Environment = cmp.Or(d.Task, "deploy"), cmp.Or(d.Environment, "production")
	d.original = d.Environment
	if d.Production == nil {
		production := d.Environment == "production"
		d.Production = &production
	}
	if d.Payload == nil {
		d.Payload = json.RawMessage("{}")
	}
	d.ID, d.Creator, d.CreatedAt = s.id(), cmp.Or(d.Creator, s.identity), cmp.Or(d.CreatedAt, s.stamp())
	for i := range d.Statuses {
		s.complete(d, &d.Statuses[i])
	}
	s.deployments = append(s.deployments, d)
	return true
}

// createDeployment wants what makes GitHub deploy just this commit: merges and commit statuses are not here.
func (s *Server) createDeployment(c *call) answer {
	var d Deployment
	c.into(&d)
	demands := struct {
		AutoMerge        bool     `json:"auto_merge"`
		RequiredContexts []string `json:"required_contexts"`
	}{AutoMerge: true}
	c.into(&demands)
	switch _, ok := s.commits.resolve(d.Ref); {
	case !ok:
		return refuse(http.StatusUnprocessableEntity, "No ref found for: "+d.Ref)
	case demands.AutoMerge:
		return refuse(http.StatusConflict, "Conflict merging "+s.defaultBranch+" into "+d.Ref+".")
	case demands.RequiredContexts == nil || len(demands.RequiredContexts) > 0:
		return refuse(http.StatusConflict, "Conflict: Commit status checks failed for "+d.Ref+".")
	}
	s.deploy(&d)
	return reply(http.StatusCreated, s.deploymentObject(&d))
}

func (s *Server) listDeployments(c *call) answer {
	var found []*Deployment
	for _, d := range slices.Backward(s.deployments) {
		is := func(name, value string) bool { return !c.query.Has(name) || c.query.Get(name) == value }
		if is("environment", d.Environment) && is("ref", d.Ref) && is("sha", d.SHA) && is("task", d.Task) {
			found = append(found, d)
		}
	}
	return list(s, c, found, s.deploymentObject)
}

func (s *Server) getDeployment(c *call) answer {
	d := s.deployment(c)
	if d == nil {
		return notFound()
	}
	return reply(http.StatusOK, s.deploymentObject(d))
}

func (s *Server) deployment(c *call) *Deployment {
	id := c.number("deployment_id")
	for _, d := range s.deployments {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (s *Server) deploymentObject(d *Deployment) map[string]any {
	updated := d.CreatedAt
	if len(d.Statuses) > 0 {
		updated = d.Statuses[len(d.Statuses)-1].CreatedAt
	}
	url := s.inRepository(fmt.Sprintf("/deployments/%d", d.ID))
	return with(s.example("deployment"), map[string]any{
		"id": d.ID, "url": url, "statuses_url": url + "/statuses", "sha": d.SHA, "ref": d.Ref, "task": d.Task, "payload": d.Payload,
		"original_environment": d.original, "environment": d.Environment, "description": d.Description, "creator": s.user(d.Creator),
		"created_at": timestamp(d.CreatedAt), "updated_at": timestamp(updated),
		"transient_environment": d.Transient, "production_environment": *d.Production,
	})
}
