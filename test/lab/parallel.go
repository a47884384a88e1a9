package lab

import (
	"context"
	"errors"
	"sync"
)

// forEach does the same for all items at once and waits for all. The first failure ends the context of the others;
// the errors of those that only ended because of it say nothing and are left out.
func forEach[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(items))
	var all sync.WaitGroup
	for i, item := range items {
		all.Go(func() {
			err := do(ctx, item)
			if err == nil {
				return
			}
			if context.Cause(ctx) == nil {
				errs[i] = err
			}
			cancel(errOtherFailed)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return context.Cause(ctx)
}

var errOtherFailed = errors.New("another one failed")
