package script

import (
	"context"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Relations says how a commit stands to others, as far as the build host's
// mirror of the repository knows.
func Relations(ctx context.Context, m Machine, repository, revision string, others []string) (map[string]release.Relation, error) {
	known := map[string]release.Relation{}
	err := call{
		script: "relations", libs: []string{"buildroot"},
		args:   args{{"repository", repository}, {"revision", revision}, {"others", strings.Join(others, " ")}},
		onFact: func(relation, commit string) { known[commit] = release.Relation(relation) },
	}.run(ctx, m)
	return known, err
}
