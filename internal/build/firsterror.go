package build

import (
	"fmt"
	"strings"

	"github.com/apxr/slipway/internal/cause"
	"github.com/apxr/slipway/internal/progress"
)

// firstError keeps the first error of a compiler, which is the reason of a failed
// build. The errors after it often follow from it.
type firstError struct {
	next  func(progress.Annotation)
	first *progress.Annotation // nil: there was none
}

func (f *firstError) annotate(a progress.Annotation) {
	if f.first == nil && a.Severity == progress.SeverityError {
		f.first = &a
	}
	f.next(a)
}

// explain returns an error that has the compiler's first error in it. An error that
// says its own reason stays as it is.
func (f *firstError) explain(err error) error {
	if err == nil || f.first == nil || !strings.Contains(err.Error(), cause.Hint) {
		return err
	}
	message, _, _ := strings.Cut(strings.TrimSpace(f.first.Message), "\n")
	return cause.With(err, fmt.Sprintf("%s:%d: %s", f.first.File, f.first.Line, message))
}
