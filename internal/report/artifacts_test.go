package report

import (
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
)

func TestArtifactsForATerminal(t *testing.T) {
	at := time.Date(2024, 1, 2, 4, 0, 0, 0, time.FixedZone("CET", 3600))
	golden(t, "artifacts.txt", Artifacts{Stored: []release.Stored{
		{ID: "20240103T000000", Size: 4096, Problem: "it has no manifest.json that can be read"},
		{ID: r2, Manifest: release.Manifest{Version: "0.2.0", Revision: revision, Ref: "refs/heads/main", BuiltAt: at}, Size: 34_560_000, Held: true},
		{ID: r1, Manifest: release.Manifest{Version: "0.10.0-rc.1", Revision: revision, BuiltAt: at.AddDate(0, 0, -1)}, Size: 1_234_567_890},
		{ID: "20231231T000000", Problem: "manifest: format 2;\nthis Slipway knows format 1", Held: true},
	}}.Text())
	golden(t, "no-artifacts.txt", Artifacts{}.Text())
}

func TestAHostileManifestStaysInItsRow(t *testing.T) {
	for _, v := range append(hostile, "a\tb", "\x1b[2J", "c1 \u009b2J", "\v\f") {
		table := Artifacts{Stored: []release.Stored{{ID: r1, Manifest: release.Manifest{Version: v, Revision: v, Ref: v}, Problem: v}}}.Text()
		lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
		if len(lines) != 2 || strings.ContainsAny(table, "\x1b\u009b\r\t\v\f") {
			t.Errorf("%q makes\n%q", v, table)
		}
	}
}
