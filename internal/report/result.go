package report

import (
	"cmp"
	"maps"
)

// Result shows how a verb ended, well or not, in every form that somebody reads.
// Each kind of result is a type.
type Result interface {
	Text() string                        // for a person, in whole lines
	JSON() (string, error)               // for a script
	Markdown(p Place) string             // for the summary of a workflow job
	Outputs() (map[string]string, error) // for later steps of that job
	Failed() error                       // nil on success
	Problem() string                     // the last line of a failure: what, why and where; "" on success
	values() values
}

// Ended says whether all went well: it is a part of every result.
type Ended struct{ Err error }

// Failed returns the error.
func (e Ended) Failed() error { return e.Err }

// Problem returns the text of the error.
func (e Ended) Problem() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// Failure shows a run that ended before there was anything else to show.
type Failure struct {
	Verb string
	Ended
}

// Text returns nothing: there is only the error.
func (f Failure) Text() string { return "" }

// JSON returns nothing, for the same reason.
func (f Failure) JSON() (string, error) { return f.values().json() }

// Markdown returns the error below a headline.
func (f Failure) Markdown(Place) string { return failure(f.Verb, f.Err) }

// Outputs returns none.
func (f Failure) Outputs() (map[string]string, error) { return f.values().outputs() }

func (f Failure) values() values { return nil }

// Both shows a build and what was then done with its release.
type Both struct {
	Build Build
	Then  Result
}

// Text returns what became of the release, or its ID if it was only built.
func (b Both) Text() string { return cmp.Or(b.Then.Text(), b.Build.Text()) }

// JSON returns the values of both.
func (b Both) JSON() (string, error) { return b.values().json() }

// Markdown returns the build first.
func (b Both) Markdown(p Place) string { return b.Build.Markdown(p) + b.Then.Markdown(p) }

// Outputs returns the outputs of both.
func (b Both) Outputs() (map[string]string, error) { return b.values().outputs() }

// Failed returns the error of the deploy.
func (b Both) Failed() error { return b.Then.Failed() }

// Problem returns the text of that error, for whoever reads Text too.
func (b Both) Problem() string { return b.Then.Problem() }

func (b Both) values() values {
	all := values{}
	maps.Copy(all, b.Build.values())
	maps.Copy(all, b.Then.values())
	return all
}
