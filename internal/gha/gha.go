// Package gha is the boundary to a GitHub Actions runner: inputs, outputs, the
// job summary, the log with its commands, and what the workflow run is.
//
// It does not know what Slipway does.
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

// Runner is the runner that this program was started by.
type Runner struct {
	action *githubactions.Action
	getenv func(string) string
	fence  string // token of the stop-commands that is in force, empty if none

	shown   map[string]int // annotations by their kind
	dropped map[string]int // those that there was no room for, by their name
}

// New returns the runner whose environment and log these are.
func New(getenv func(string) string, log io.Writer) *Runner {
	return &Runner{
		action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(log)),
		getenv: getenv,
		shown:  map[string]int{}, dropped: map[string]int{},
	}
}

// Input is the value of an action's input; a composite action has to map it
// into the environment itself.
func (r *Runner) Input(name string) string { return r.action.GetInput(name) }

// delimiter is the library's mark for the end of a value.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// SetOutput hands a value to later steps. A value with a line break is refused:
// the file that it goes through could be made to hold other outputs by it.
func (r *Runner) SetOutput(name, value string) (err error) {
	if strings.ContainsAny(value, "\r\n") || value == delimiter {
		return fmt.Errorf("output %s has a line break, or is the mark that ends a value", name)
	}
	defer recoverInto(&err, "output "+name)
	r.action.SetOutput(name, value)
	return nil
}

// maxSummary is GitHub's limit for a step; beyond it the whole summary is lost.
const maxSummary = 1 << 20

// AddSummary appends Markdown to the job summary.
func (r *Runner) AddSummary(markdown string) (err error) {
	const cut = "\n\n(cut: GitHub shows 1 MiB at most; the log has all of it)\n"
	if len(markdown) > maxSummary-1024 {
		markdown = strings.ToValidUTF8(markdown[:maxSummary-1024-len(cut)], "") + cut
	}
	defer recoverInto(&err, "job summary")
	r.action.AddStepSummary(markdown)
	return nil
}

// recoverInto turns a panic of the library, which panics if the runner's files
// cannot be written, into an error.
func recoverInto(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s could not be handed to the runner: %v", what, p)
	}
}

// Group, EndGroup, Error, Warning, Notice, Annotate and Line draw a log as progress.Face wants it.

// Group opens a foldable group of lines.
func (r *Runner) Group(title string) {
	r.unfence()
	r.action.Group(title)
}

// EndGroup closes it.
func (r *Runner) EndGroup() {
	r.unfence()
	r.action.EndGroup()
}

// Error prints a message and shows it on the run's page.
func (r *Runner) Error(message string) {
	r.unfence()
	r.shown[kindError]++
	r.action.Errorf("%s", clip(message, maxAnnotation))
}

// Warning does the same, less loudly; beyond what GitHub shows it is a line.
func (r *Runner) Warning(message string) {
	if !r.room(kindWarning, maxShown, kindWarning) {
		r.lines(kindWarning, message)
		return
	}
	r.unfence()
	r.action.Warningf("%s", clip(message, maxAnnotation))
}

// Notice does the same as Warning, still less loudly.
func (r *Runner) Notice(message string) {
	if !r.room(kindNotice, maxOthers, kindNotice) {
		r.lines(kindNotice, message)
		return
	}
	r.unfence()
	r.action.Noticef("%s", clip(message, maxAnnotation))
}

// Line prints text that may come from a remote host: a workflow command in it
// must stay text, so the runner is told to pass over commands.
func (r *Runner) Line(text string) {
	if r.fence == "" {
		r.fence = rand.Text()
		r.action.IssueCommand(&githubactions.Command{Name: "stop-commands", Message: r.fence})
	}
	r.action.Infof("%s", text)
}

// Close ends the log, so that what comes after it may issue commands again. It
// says first what annotations were not shown.
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

// Run is what the workflow run is.
type Run struct {
	URL        string
	API        string // the URL of GitHub's REST API
	Name       string // OWNER/NAME of the workflow's repository
	Page       string // the URL of its page
	Actor      string
	Repository string // of the workflow, as an SSH URL for git
	HTTPS      string // the same over HTTPS
	Revision   string
	Ref        string
}

// Run reads it from the runner's environment.
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
