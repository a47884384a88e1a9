package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
)

func phase(name string, began, took int) host.Phase {
	return host.Phase{Name: name, Began: ms(began), Took: ms(took)}
}

func TestBars(t *testing.T) {
	for name, c := range map[string]struct {
		phases []host.Phase
		want   string // name begin-end
	}{
		"looking is one":         {[]host.Phase{phase("connect", 0, 80), phase("lock", 80, 40), phase("inspect", 120, 300)}, "look 0-420"},
		"also after a wait":      {[]host.Phase{phase("inspect", 0, 10), phase("lock", 10, 5000), phase("inspect", 5010, 90)}, "look 0-5100"},
		"stage is another":       {[]host.Phase{phase("inspect", 0, 10), phase("stage", 10, 20)}, "look 0-10, stage 10-30"},
		"what took no time":      {[]host.Phase{phase("inspect", 0, 0), phase("stage", 10, 20)}, "stage 10-30"},
		"an overlap is cut":      {[]host.Phase{phase("inspect", 0, 12), phase("stage", 10, 20)}, "look 0-12, stage 12-30"},
		"what lies within":       {[]host.Phase{phase("inspect", 0, 50), phase("stage", 10, 20)}, "look 0-50"},
		"a name that is unknown": {[]host.Phase{phase("section x :y", 0, 50)}, ""},
	} {
		var got []string
		for _, b := range barsOf(c.phases) {
			got = append(got, fmt.Sprintf("%s %d-%d", b.name, b.begin.Milliseconds(), b.end.Milliseconds()))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	failed := phase("lock", 10, 10)
	failed.Failed = true
	if b := barsOf([]host.Phase{phase("connect", 0, 10), failed}); len(b) != 1 || b[0].tag() != "crit" {
		t.Errorf("%+v", b)
	}
}

func TestTheAxisFitsTheTime(t *testing.T) {
	for total, want := range map[time.Duration]string{2 * time.Second: "%S.%L", 90 * time.Second: "%M:%S", 30 * time.Minute: "%M:%S", 2 * time.Hour: "%H:%M:%S"} {
		r := rollout.Result{Hosts: []host.Result{phased(host.Result{Host: "web1"}, host.Phase{Name: "stage", Took: total})}}
		if got := timeline(r); !strings.Contains(got, "axisFormat "+want+"\n") {
			t.Errorf("%s: %s", total, got)
		}
	}
}

func TestANameThatDoesNotFitIntoItsBarIsLeftOut(t *testing.T) {
	r := rollout.Result{Hosts: []host.Result{phased(host.Result{Host: "web1"}, phase("connect", 0, 10), phase("stage", 10, 9990))}}
	if got := timeline(r); !strings.Contains(got, "\n    \u2060 :done, 2000-01-01T00:00:00.000, 10ms\n    stage :done, 2000-01-01T00:00:00.010, 9990ms\n") {
		t.Error(got)
	}
}

// Mermaid was seen to treat the characters allowed here as text.
func TestNoValueBreaksTheChart(t *testing.T) {
	line := regexp.MustCompile(`^    (section [^\s;#%"<>` + "`" + `\\{}]+|stage :done, 2000-01-01T[0-9:.]+, \d+ms)$`)
	for _, v := range append(hostile, "", " ", "[fd00::1]:2222", strings.Repeat("x", 300)) {
		r := rollout.Result{Hosts: []host.Result{phased(host.Result{Host: v}, host.Phase{Name: v, Took: time.Second}, host.Phase{Name: "stage", Took: time.Second})}}
		chart := timeline(r)
		_, body, _ := strings.Cut(chart, "todayMarker off\n")
		body, _, _ = strings.Cut(body, "```")
		for l := range strings.Lines(body) {
			if !line.MatchString(strings.TrimSuffix(l, "\n")) || len([]rune(l)) > 80 {
				t.Errorf("%q: %q", v, l)
			}
		}
		if strings.Count(body, "\n") != 2 {
			t.Errorf("%q makes\n%s", v, chart)
		}
	}
}
