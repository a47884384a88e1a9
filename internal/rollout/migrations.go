package rollout

import (
	"fmt"
	"slices"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/words"
)

// warnOfMigrations warns that a rollback does not undo migrations.
func (r *run) warnOfMigrations(target release.Activation) {
	var since []release.ID
	for _, m := range r.hosts.healthy() {
		since = append(since, m.Seen().History.MigratedSince(r.plan.own(m.Seen().History, target))...)
	}
	if len(since) == 0 {
		return
	}
	slices.Sort(since)
	since = slices.Compact(since)
	r.outcome.MigratedSince = since
	r.log.Warning(fmt.Sprintf("migrations of %s were started since %s ran, and a rollback does not take them back: the database is as they left it", words.List(since), target.ID))
}
