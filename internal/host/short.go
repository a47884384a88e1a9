package host

import "errors"

// short is an error with a form for headlines, which have no room for details.
type short struct {
	error
	text string
}

func (s short) Unwrap() error { return s.error }

// Short returns the form of an error for headlines, or "" if it has none.
func Short(err error) string {
	if s, ok := errors.AsType[short](err); ok {
		return s.text
	}
	return ""
}
