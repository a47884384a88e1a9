// Package gha is the boundary to a GitHub Actions runner: inputs, outputs, the
// job summary, the log with its commands, and the identity of the workflow run.
//
// The package does not know what Slipway does.
package gha

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Runner is the runner that started this program.
type Runner struct {
	action *githubactions.Action
	getenv func(string) string
	hide   func(string) string // for what later steps and people get
	fence  string              // the token that ends stop-commands; empty if commands are on

	shown   map[string]int // annotations sent, by kind
	dropped map[string]int // annotations over GitHub's limit, by name
}

// New returns the runner with this environment and this log.
func New(getenv func(string) string, log io.Writer) *Runner {
	return &Runner{
		action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(log)),
		getenv: getenv, hide: func(text string) string { return text },
		shown: map[string]int{}, dropped: map[string]int{},
	}
}

// HideBy makes the runner hide secrets in outputs and summaries. What it writes to
// the log has to be hidden by the log's writer.
func (r *Runner) HideBy(hide func(text string) string) { r.hide = hide }

// Words returns the words of the runner's commands, which must not be hidden.
func Words() []string {
	return []string{"stop-commands", "endgroup", "group", kindError, kindWarning, kindNotice, "note", "file", "line", "title", "col", delimiter}
}

// Input returns the value of an action's input. A composite action has to map
// its inputs into the environment itself.
func (r *Runner) Input(name string) string { return r.action.GetInput(name) }

// delimiter marks the end of a value in the runner's files. The library always
// uses this one.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// SetOutput passes a value to later steps. It refuses a value with a line break,
// which could forge other outputs in the runner's file.
func (r *Runner) SetOutput(name, value string) (err error) {
	if value = r.hide(value); strings.ContainsAny(value, "\r\n") || value == delimiter {
		return fmt.Errorf("output %s has a line break, or is the runner's delimiter", name)
	}
	defer recoverInto(&err, "output "+name)
	r.action.SetOutput(name, value)
	return nil
}

// maxSummary is GitHub's limit for a step. It drops a longer summary as a whole.
const maxSummary = 1 << 20

// AddSummary appends Markdown to the job summary.
func (r *Runner) AddSummary(markdown string) (err error) {
	const cut = "\n\n(cut: GitHub shows 1 MiB at most; the log has all of it)\n"
	if markdown = r.hide(markdown); len(markdown) > maxSummary-1024 {
		markdown = strings.ToValidUTF8(markdown[:maxSummary-1024-len(cut)], "") + cut
	}
	defer recoverInto(&err, "job summary")
	r.action.AddStepSummary(markdown)
	return nil
}

// recoverInto turns a panic into an error: the library panics if it cannot write
// the runner's files.
func recoverInto(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s could not be passed to the runner: %v", what, p)
	}
}

// Group, EndGroup, Error, Warning, Notice, Annotate and Line implement
// progress.Face.

// Group opens a collapsible group of lines.
func (r *Runner) Group(title string) {
	r.unfence()
	r.action.Group(title)
}

// EndGroup closes the group.
func (r *Runner) EndGroup() {
	r.unfence()
	r.action.EndGroup()
}

// Error prints a message and shows it as an error on the run's page. Of a message that
// GitHub cuts, the log has all lines.
func (r *Runner) Error(message string) {
	if len(message) > maxAnnotation {
		r.lines(kindError, message)
	}
	r.unfence()
	r.shown[kindError]++
	r.action.Errorf("%s", clip(message, maxAnnotation))
}

// Warning prints a message and shows it as a warning on the run's page. Over
// GitHub's limit it just prints lines.
func (r *Runner) Warning(message string) {
	if !r.room(kindWarning, maxShown, kindWarning) {
		r.lines(kindWarning, message)
		return
	}
	r.unfence()
	r.action.Warningf("%s", clip(message, maxAnnotation))
}

// Notice prints a message and shows it as a notice on the run's page. Over
// GitHub's limit it just prints lines.
func (r *Runner) Notice(message string) {
	if !r.room(kindNotice, maxOthers, kindNotice) {
		r.lines(kindNotice, message)
		return
	}
	r.unfence()
	r.action.Noticef("%s", clip(message, maxAnnotation))
}

// Line prints text that may come from a remote host. A workflow command in it must
// stay text, so Line first turns the runner's commands off.
func (r *Runner) Line(text string) {
	if r.fence == "" {
		r.fence = rand.Text()
		r.action.IssueCommand(&githubactions.Command{Name: "stop-commands", Message: r.fence})
	}
	r.action.Infof("%s", text)
}

// Close ends the log and turns the runner's commands on again. A notice says how
// many annotations were not shown.
func (r *Runner) Close() {
	r.unfence()
	if more := r.more(); more != "" {
		r.action.Noticef("%s", more)
	}
	clear(r.dropped)
}

func (r *Runner) unfence() {
	if r.fence != "" {
		r.action.IssueCommand(&githubactions.Command{Name: r.fence})
		r.fence = ""
	}
}

// Run describes the workflow run.
type Run struct {
	URL        string
	API        string // the URL of GitHub's REST API
	Name       string // OWNER/NAME of the workflow's repository
	Page       string // the URL of its page
	Actor      string
	Repository string // the workflow's repository, as an SSH URL for git
	HTTPS      string // the same repository over HTTPS
	Revision   string
	Ref        string
}

// Run reads the description of the run from the runner's environment.
func (r *Runner) Run() (Run, error) {
	server := cmp.Or(r.getenv("GITHUB_SERVER_URL"), "https://github.com")
	repo, id := r.getenv("GITHUB_REPOSITORY"), r.getenv("GITHUB_RUN_ID")
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || repo == "" {
		return Run{}, errors.New("this is not a workflow step: GITHUB_SERVER_URL and GITHUB_REPOSITORY are not set as a runner sets them; on a command line use cmd/slipway")
	}
	return Run{
		URL:        fmt.Sprintf("%s/%s/actions/runs/%s", server, repo, id),
		API:        cmp.Or(r.getenv("GITHUB_API_URL"), "https://api.github.com"),
		Name:       repo,
		Page:       server + "/" + repo,
		Actor:      cmp.Or(r.getenv("GITHUB_TRIGGERING_ACTOR"), r.getenv("GITHUB_ACTOR")),
		Repository: fmt.Sprintf("git@%s:%s.git", u.Hostname(), repo),
		HTTPS:      fmt.Sprintf("%s/%s.git", server, repo),
		Revision:   r.getenv("GITHUB_SHA"),
		Ref:        r.getenv("GITHUB_REF"),
	}, nil
}
