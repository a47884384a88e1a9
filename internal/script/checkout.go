package script

import (
	"context"
	"fmt"
)

// Source says what to check out.
type Source struct {
	Repository string // git URL that the build host can read
	Revision   string // full commit ID, branch or tag
	Access     Access
}

// Commit is the commit that was checked out.
type Commit struct{ Revision, Subject string }

// leastFree is the free space that a build needs to begin, in MB. A small
// release with its dependencies takes about as much.
const leastFree = 256

// Checkout checks out one commit and reserves the job's ID for its artifact. If
// taken is true, the ID already has an artifact, and Checkout has changed
// nothing.
func (b Build) Checkout(ctx context.Context, s Source) (at Commit, taken bool, err error) {
	err = b.logged(ctx, call{
		script: "checkout",
		args:   b.Job.args(arg{"least", fmt.Sprint(leastFree)}, arg{"repository", s.Repository}, arg{"revision", s.Revision}),
		input:  s.Access.input().reader(),
		onFact: func(key, value string) {
			switch key {
			case "taken":
				taken = true
			case "revision":
				at.Revision = value
			case "subject":
				at.Subject = value
			}
		},
	})
	return at, taken, err
}
