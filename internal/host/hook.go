package host

import (
	"context"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// Once runs what one host of the fleet runs before any is switched: commands,
// then the unit for migrations. It reports whether that unit was started, even
// if the start failed.
func (h *Host) Once(ctx context.Context, to Target) (migrated bool, err error) {
	what := script.Hook{Commands: h.plan().Once, Unit: h.plan().Migrate}
	if what.Unit != "" {
		what.Record = h.migration(to)
	}
	began := time.Now()
	migrated, err = h.hook(ctx, to.Activation, script.Once, what)
	if migrated {
		h.seen.History = append(h.seen.History, what.Record)
		h.showMigration(ctx, began)
	}
	return migrated, err
}

// migration returns the line of the history for the start of a migration.
func (h *Host) migration(to Target) release.Change {
	c := h.newChange(to)
	c.Key += ".migrate" // the change that follows needs a key of its own
	c.Verb, c.Outcome, c.Forced = release.Migrate, release.Started, false
	return c
}

// migrationLines limits how many of the last lines of a migration's log are
// shown.
const migrationLines = 100

// showMigration copies the unit log of a migration into the run's log.
func (h *Host) showMigration(ctx context.Context, began time.Time) {
	ctx, cancel := Undo(ctx)
	defer cancel()
	lines, err := h.script().EndedUnitLog(ctx, h.plan().Migrate, h.seen.since(began))
	if err != nil {
		lines = []script.LogLine{{Text: err.Error()}}
	}
	for _, line := range lines[max(0, len(lines)-migrationLines):] {
		h.say("| %s", h.run.Log.RedactCut(line.Text))
	}
}

// hook runs the commands for one moment of the change, if there are any.
func (h *Host) hook(ctx context.Context, a release.Activation, when script.Moment, what script.Hook) (started bool, err error) {
	if what.IsZero() {
		return false, nil
	}
	phase := PhaseBefore
	if when == script.After {
		phase = PhaseAfter
	}
	began := time.Now()
	err = h.timed(phase, func() error {
		return h.ofTheUser(func(scripts script.Host) (err error) {
			started, err = scripts.RunHook(ctx, a, when, what)
			return err
		})
	})
	if err == nil {
		h.say("%s ended well in %.1f s", when, time.Since(began).Seconds())
	}
	return started, err
}
