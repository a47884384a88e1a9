package report

import (
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Place says where a run belongs: what its report can name and link to. Reports
// leave out empty fields.
type Place struct {
	App         string // ORG/APP
	Environment string
	URL         string // of the environment, for people
	Repository  string // the URL of its page, such as https://github.com/apxr/apxr_io
	Run         string // the URL of the workflow run
	Rollback    string // the file name of the workflow that rolls back
	// Flags has what the verbs "logs" and "console" need besides host and app: flags
	// such as --units, each with its value.
	Flags map[string][]string
}

func (p Place) commit(revision string) string {
	if p.Repository == "" || !release.ValidRevision(revision) {
		return ""
	}
	return p.Repository + "/commit/" + revision
}

func (p Place) comparison(before, after string) string {
	if p.Repository == "" || !release.ValidRevision(before) || !release.ValidRevision(after) || before == after {
		return ""
	}
	return p.Repository + "/compare/" + before + "..." + after
}

func (p Place) rollback() string {
	if p.Repository == "" || p.Rollback == "" {
		return ""
	}
	return p.Repository + "/actions/workflows/" + p.Rollback
}

// ownRun reports whether a URL is a workflow run of this repository.
func (p Place) ownRun(url string) bool {
	id, found := strings.CutPrefix(url, p.Repository+"/actions/runs/")
	return p.Repository != "" && found && id != "" && strings.Trim(id, "0123456789") == ""
}
