package githubapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Status is what has become of a deployment. The fields have the names that a request has them by.
type Status struct {
	ID             int64     `json:"-"`
	State          string    `json:"state"`
	Description    string    `json:"description"`
	Environment    string    `json:"environment"`
	EnvironmentURL string    `json:"environment_url"`
	LogURL         string    `json:"log_url"`
	Creator        Author    `json:"-"`
	CreatedAt      time.Time `json:"-"`
}

// complete fills in what GitHub does. The environment of a status becomes the deployment's.
func (s *Server) complete(d *Deployment, status *Status) {
	status.Environment = cmp.Or(status.Environment, d.Environment)
	d.Environment = status.Environment
	status.ID, status.Creator, status.CreatedAt = s.id(), cmp.Or(status.Creator, s.identity), cmp.Or(status.CreatedAt, s.stamp())
}

func (s *Server) createStatus(c *call) answer {
	d := s.deployment(c)
	if d == nil {
		return notFound()
	}
	var status Status
	c.into(&status)
	sent := struct {
		TargetURL    string `json:"target_url"`
		AutoInactive bool   `json:"auto_inactive"`
	}{AutoInactive: true}
	c.into(&sent)
	status.LogURL = cmp.Or(status.LogURL, sent.TargetURL)
	if refused := refusedStatus(status); refused != nil {
		return *refused
	}
	s.complete(d, &status)
	d.Statuses = append(d.Statuses, status)
	if status.State == "success" && sent.AutoInactive {
		s.inactivate(d)
	}
	object := s.statusObject(d, status)
	a := reply(http.StatusCreated, object)
	a.header.Set("Location", object["url"].(string))
	return a
}

// inactivate is what a success does to those before it: not to production, not to what is transient, and only to what
// was a success.
func (s *Server) inactivate(d *Deployment) {
	for _, other := range s.deployments {
		succeeded := len(other.Statuses) > 0 && other.Statuses[len(other.Statuses)-1].State == "success"
		if other.ID < d.ID && other.Environment == d.Environment && !*other.Production && !other.Transient && succeeded {
			status := Status{State: "inactive"}
			s.complete(other, &status)
			other.Statuses = append(other.Statuses, status)
		}
	}
}

func refusedStatus(status Status) *answer {
	if utf8.RuneCountInString(status.Description) > 140 {
		refused := invalid("DeploymentStatus", "description", "custom", "description is too long (maximum is 140 characters)")
		return &refused
	}
	for field, url := range map[string]string{"environment_url": status.EnvironmentURL, "log_url": status.LogURL} {
		if url != "" && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
			refused := invalid("DeploymentStatus", field, "custom", field+" must use http(s) scheme")
			return &refused
		}
	}
	return nil
}

func (s *Server) listStatuses(c *call) answer {
	d := s.deployment(c)
	if d == nil {
		return notFound()
	}
	newestFirst := slices.Clone(d.Statuses)
	slices.Reverse(newestFirst)
	return list(s, c, newestFirst, func(status Status) map[string]any { return s.statusObject(d, status) })
}

func (s *Server) statusObject(d *Deployment, status Status) map[string]any {
	deployment := s.inRepository(fmt.Sprintf("/deployments/%d", d.ID))
	return with(s.example("deployment-status"), map[string]any{
		"id": status.ID, "url": fmt.Sprintf("%s/statuses/%d", deployment, status.ID), "deployment_url": deployment,
		"state": status.State, "description": status.Description, "environment": status.Environment,
		"environment_url": status.EnvironmentURL, "log_url": status.LogURL, "target_url": status.LogURL,
		"creator": s.user(status.Creator), "created_at": timestamp(status.CreatedAt), "updated_at": timestamp(status.CreatedAt),
	})
}
