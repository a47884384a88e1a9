package script

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/release"
)

// test/power shows why each order is needed; this test is fast.
func TestWritesReachTheDiskInTheirOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"sync", "mv", "rm"} {
		path, err := exec.LookPath(name)
		must(t, err)
		s.command(name, `echo "`+name+` $*" | sed "s|$BASE/||g" >>"$BASE/order"; [ `+name+` = sync ] || exec `+path+` "$@"`)
	}
	order := func(step string, want ...string) {
		t.Helper()
		lines := s.read("order")
		s.write("", "order")
		for _, line := range want {
			_, rest, found := strings.Cut(lines, line+"\n")
			if !found {
				t.Fatalf("%s: %q is missing, or comes too early, in\n%s", step, line, lines)
			}
			lines = rest
		}
	}
	m := manifest(tree())
	must(t, s.stage(m, whole(t, m, tree())))
	order("stage", "mv -T .slipway/releases/"+string(r1)+".OURS .slipway/releases/"+string(r1),
		"mv -T releases/"+string(r1)+".OURS.part releases/"+string(r1), "sync -f releases/"+string(r1)+" .slipway/releases/"+string(r1))
	s.prepare(r1, key1, Environment{Given: true, Text: "export A=1\n"})
	order("prepare", "sync launch.new", "mv -T launch.new launch", "sync "+s.Base, "sync -f activations/"+key1)
	s.prepare(r1, key1, Environment{Given: true, Text: "export A=1\n"})
	if strings.Contains(s.read("order"), "launch.new launch") {
		t.Error("a launcher that is there already was written once more")
	}
	_, err := s.host(nil).Prune(t.Context(), []release.ID{r1}, nil)
	must(t, err)
	order("prune", "mv -T releases/"+string(r1)+" releases/"+string(r1)+".OURS.part", "sync -f releases", "rm -rf .slipway/releases/"+string(r1))
}
