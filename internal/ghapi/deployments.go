package ghapi

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/go-github/v62/github"
)

// Deployment is the deployment of a release to an environment.
type Deployment struct {
	App         string // an environment may have several
	Environment string
	Revision    string
	ReleaseID   string
	Description string // one line
}

// State is the state of a deployment.
type State string

// The states that Slipway records.
const (
	InProgress State = "in_progress"
	Success    State = "success"
	Failure    State = "failure"
	Inactive   State = "inactive" // another release runs
)

// Status is a state with its description and links.
type Status struct {
	State       State
	Description string
	LogURL      string // the workflow run
	URL         string // the environment; may be empty
}

// payload marks Slipway's own deployments, among others to the same environment.
type payload struct {
	Slipway   string `json:"slipway"` // the application
	ReleaseID string `json:"release_id"`
}

const (
	task            = "deploy"
	maxDescription  = 140
	needDeployments = "deployments: write"
	lookBack        = 30 // deployments that Retire looks at
)

// CreateDeployment records that a deployment begins, and returns its ID. GitHub
// neither merges anything nor requires status checks: it does not decide what is
// deployed.
func (c *Client) CreateDeployment(ctx context.Context, d Deployment) (int64, error) {
	if err := c.changes.wait(ctx); err != nil {
		return 0, err
	}
	made, _, err := c.api.Repositories.CreateDeployment(ctx, c.owner, c.repo, &github.DeploymentRequest{
		Ref: &d.Revision, Task: github.String(task), Environment: &d.Environment, AutoMerge: github.Bool(false),
		RequiredContexts: &[]string{}, Description: github.String(clip(d.Description)),
		Payload: payload{Slipway: d.App, ReleaseID: d.ReleaseID},
	})
	return made.GetID(), explain(err, "recording a deployment to "+d.Environment, needDeployments)
}

// SetStatus records the state of a deployment.
func (c *Client) SetStatus(ctx context.Context, id int64, s Status) error {
	if err := c.changes.wait(ctx); err != nil {
		return err
	}
	request := &github.DeploymentStatusRequest{
		State: github.String(string(s.State)), Description: github.String(clip(s.Description)), AutoInactive: github.Bool(false),
	}
	if s.LogURL != "" {
		request.LogURL = &s.LogURL
	}
	if s.URL != "" {
		request.EnvironmentURL = &s.URL
	}
	_, _, err := c.api.Repositories.CreateDeploymentStatus(ctx, c.owner, c.repo, id, request)
	return explain(err, fmt.Sprintf("recording that a deployment is %s", s.State), needDeployments)
}

// Retire marks the application's earlier deployments to the environment as
// inactive. GitHub's own auto_inactive skips production environments, and it would
// also retire other applications in the same environment.
func (c *Client) Retire(ctx context.Context, d Deployment, id int64, reason string) error {
	list, _, err := c.api.Repositories.ListDeployments(ctx, c.owner, c.repo, &github.DeploymentsListOptions{
		Environment: d.Environment, Task: task, ListOptions: github.ListOptions{PerPage: lookBack},
	})
	if err != nil {
		return explain(err, "listing deployments", needDeployments)
	}
	for _, earlier := range list {
		if earlier.GetID() >= id || !isOf(earlier, d.App) {
			continue
		}
		statuses, _, err := c.api.Repositories.ListDeploymentStatuses(ctx, c.owner, c.repo, earlier.GetID(), &github.ListOptions{PerPage: 1})
		if err != nil {
			return explain(err, "reading what became of a deployment", needDeployments)
		}
		if len(statuses) > 0 && statuses[0].GetState() == string(Inactive) {
			return nil // all before it are inactive too
		}
		if len(statuses) > 0 && statuses[0].GetState() == string(Failure) {
			continue // it was never active, and the failure should stay visible
		}
		if err := c.SetStatus(ctx, earlier.GetID(), Status{State: Inactive, Description: reason}); err != nil {
			return err
		}
	}
	return nil
}

func isOf(d *github.Deployment, app string) bool {
	var p payload
	return json.Unmarshal(d.Payload, &p) == nil && p.Slipway == app
}

func clip(s string) string {
	r := []rune(oneLine(s))
	if len(r) > maxDescription {
		return string(r[:maxDescription-1]) + "…"
	}
	return string(r)
}
