package hosts

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/test/light"
	"github.com/apxr/slipway/test/world"
)

// verdict is a way to fail, and what a run has to say of it.
type verdict struct {
	name     string
	way      light.Way
	settings []string
	dropIn   string // of the unit
	says     string // a regular expression
}

// failsSoon is for a release that fails only when the time is up. It is long
// enough for a busy machine to start the release.
const failsSoon = "SLIPWAY_HEALTH_TIMEOUT=8s"

// verdicts are a way to fail of each kind: by its process, by what it answers, by
// systemd. "make full" adds the others.
var verdicts = []verdict{
	{name: "exits at start", way: light.Way{Exit: status(3)}, says: "the release exits"},
	{name: "answers 500", way: light.Way{Status: 500}, settings: []string{failsSoon}, says: "answers 500 Internal Server Error"},
	{
		name: "never becomes active", way: light.Way{Silent: true}, dropIn: "[Service]\nType=notify\nTimeoutStartSec=4\n",
		says: "systemctl restart shop.service failed",
	},
}

// Each way to fail has its own words, and the old release is back soon after.
func TestAReleaseThatFailsIsTakenBack(t *testing.T) {
	w := newWorld(t)
	good := w.Deploy(1)
	table := []string{fmt.Sprintf("%-24s%-12s%s", "way to fail", "verdict", "served again after")}
	for i, v := range verdicts {
		w.sub(v.name, func(w *webHost) { table = append(table, w.fails(good, light.At(10+i), v)) })
	}
	t.Logf("seconds from the activation to the verdict, and from that until the old release served:\n%s", strings.Join(table, "\n"))
}

// fails deploys a release that fails, while somebody asks the application.
func (w *webHost) fails(good, id release.ID, v verdict) (row string) {
	if v.dropIn != "" {
		w.dropIn(unit, v.dropIn)
	}
	w.Put(light.Release{ID: id, Way: v.way})
	stop := w.poll()
	r, lines := w.watched(world.DeployOf(id, v.settings...)...)
	w.runs(good)
	began, decided := said(lines, "==> Activate"), said(lines, "putting every switched host back")
	answers := stop(func(s seen) bool { return s.serves(good, decided) })

	w.Red(1, r, "put back", "back on "+string(good)+" after", "the unit log says:", "light: "+string(id)+" starts")
	w.Matches(r.Stderr, v.says)
	if c := w.lastChange(id, release.Reverted); !regexp.MustCompile(v.says).MatchString(c.Reason) {
		w.Errorf("the history's reason is %q", c.Reason)
	}
	if first := answers[0]; !strings.Contains(first.text, string(good)) {
		w.Errorf("before the deploy, %q answered", first.text)
	}
	again, ok := servedAgain(answers, good, decided)
	if !ok {
		w.Errorf("the old release did not serve again")
	}
	w.Within(decided, again, 10*time.Second)
	return fmt.Sprintf("%-24s%-12.1f%.1f", v.name, decided.At.Sub(began.At).Seconds(), again.At.Sub(decided.At).Seconds())
}
