package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// once runs what is to run on one host only, before any is switched: commands,
// then the unit for migrations.
func (r *run) once(ctx context.Context, due []*host) error {
	hook := script.Hook{Commands: r.plan.Once, Unit: r.plan.Migrate}
	if len(due) == 0 || hook.IsZero() {
		return nil
	}
	h := due[0]
	if hook.Unit != "" {
		hook.Record = r.migration(h)
	}
	began := time.Now()
	started, err := r.hook(ctx, h, h.to, script.Once, hook)
	if started {
		r.outcome.Migrated = h.name
		h.seen.History = append(h.seen.History, hook.Record)
		r.showMigration(ctx, h, began)
	}
	if err != nil {
		h.fail(Untouched, err)
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return nil
}

// migration is the line of the history that says that a migration was started.
func (r *run) migration(h *host) release.Change {
	c := r.newChange(h, h.to)
	c.Key += ".migrate" // the change that follows is another one
	c.Verb, c.Outcome, c.Forced = release.Migrate, release.Started, false
	return c
}

// showMigration hands on what the unit for migrations has said.
func (r *run) showMigration(ctx context.Context, h *host, began time.Time) {
	ctx, cancel := undoContext(ctx)
	defer cancel()
	since := h.seen.Now + int64(began.Sub(h.seenAt).Seconds())
	lines, err := r.on(h).EndedUnitLog(ctx, r.plan.Migrate, since, migrationLines)
	if err != nil {
		lines = []string{err.Error()}
	}
	for _, line := range lines {
		r.log.Say(h.name, "| %s", line)
	}
}

// migrationLines is how many of the last lines of its log are shown.
const migrationLines = 100

// tellMigrations warns of what a rollback does not take back.
func (r *run) tellMigrations(target release.Activation) {
	var since []release.ID
	for _, h := range r.healthy() {
		for _, id := range h.seen.History.MigratedSince(r.own(h, target)) {
			if !slices.Contains(since, id) {
				since = append(since, id)
			}
		}
	}
	if len(since) == 0 {
		return
	}
	slices.Sort(since)
	r.outcome.MigratedSince = since
	r.log.Warning(fmt.Sprintf("migrations of %s were started since %s ran, and a rollback does not take them back: the database is as they left it", list(since), target.ID))
}
