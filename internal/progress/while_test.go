package progress

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// timed is a face that keeps the lines with their times.
type timed struct {
	paper
	began time.Time
}

func (f *timed) Line(s string) { f.paper.Line(fmt.Sprintf("%s %s", time.Since(f.began), s)) }

// inTime runs a test with a clock of its own, so that waiting takes no time.
func inTime(t *testing.T, f func(l *Log, p *timed)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		p := &timed{began: time.Now()}
		f(New(p, "hidden"), p)
	})
}

func TestLongWorkIsLogged(t *testing.T) {
	inTime(t, func(l *Log, p *timed) {
		n := 0
		stop := l.While(10*time.Second, func() string {
			n++
			return map[int]string{1: "one", 3: "hidden three"}[n] // empty the second time
		})
		time.Sleep(39 * time.Second)
		stop()
		time.Sleep(time.Minute)
		p.want(t, "10s one", "30s *** three")
		if n != 3 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestNothingIsLoggedAfterTheEnd(t *testing.T) {
	inTime(t, func(l *Log, p *timed) {
		stop := l.While(10*time.Second, func() string {
			time.Sleep(5 * time.Second) // it takes long to make the line
			return "one"
		})
		time.Sleep(11 * time.Second)
		stop()
		p.want(t, "15s one")
	})
}

func TestASilenceIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		spoken []int // seconds at which something is logged
		until  int
		want   []string
	}{
		"it ends at once":   {nil, 9, nil},
		"it speaks":         {[]int{5, 13, 20, 28}, 35, nil},
		"it falls silent":   {[]int{7, 50}, 75, []string{"17s 17 s, silent for 10 s", "27s 27 s, silent for 20 s", "37s 37 s, silent for 30 s", "47s 47 s, silent for 40 s", "1m0s 1 min 0 s, silent for 10 s", "1m10s 1 min 10 s, silent for 20 s"}},
		"speaks when asked": {[]int{10, 19}, 25, nil},
	} {
		inTime(t, func(l *Log, p *timed) {
			stop := l.WhileSilent("Dependencies")
			at := 0
			for _, second := range c.spoken {
				time.Sleep(time.Duration(second-at)*time.Second - time.Nanosecond)
				at = second
				l.Notice("something")
				time.Sleep(time.Nanosecond)
			}
			time.Sleep(time.Duration(c.until-at) * time.Second)
			stop()
			var got []string
			for _, line := range p.lines {
				if line != "notice something" {
					got = append(got, strings.Replace(line, "still in Dependencies: ", "", 1))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %q", name, got)
			}
		})
	}
}

func TestALongSilenceIsLoggedLessOften(t *testing.T) {
	inTime(t, func(l *Log, p *timed) {
		stop := l.WhileSilent("Release")
		time.Sleep(8*time.Minute + time.Second)
		stop()
		var at []string
		for _, line := range p.lines {
			when, _, _ := strings.Cut(line, " ")
			at = append(at, when)
		}
		if n := len(at); n != 33 || strings.Join(at[:3], " ") != "10s 20s 30s" || strings.Join(at[n-5:], " ") != "4m50s 5m0s 6m0s 7m0s 8m0s" {
			t.Errorf("%d times: %q", n, at)
		}
	})
}

func TestAllWaitsAreOneLine(t *testing.T) {
	const first, down = "the first look", "nothing listens on port 4001"
	inTime(t, func(l *Log, p *timed) {
		web1, web2 := l.Wait("web1", first), l.Wait("web2", first)
		time.Sleep(5500 * time.Millisecond)
		web3 := l.Wait("web3", first)
		web2.For("hidden: answers 503\nand more of it")
		time.Sleep(5 * time.Second)
		web1.For(down)
		web3.For(down)
		time.Sleep(10 * time.Second)
		web1.End()
		web2.End()
		time.Sleep(10 * time.Second)
		web3.End()
		time.Sleep(time.Minute)
		quick := l.Wait("web4", first)
		time.Sleep(5 * time.Second)
		slow := l.Wait("web5", down)
		time.Sleep(4 * time.Second)
		quick.End()
		time.Sleep(7 * time.Second) // 16 s of waiting, but nobody for more than 11 s
		slow.End()
		p.want(t,
			"10s waiting for 3 hosts: web1, web3: "+first+"; web2: ***: answers 503 [...]",
			"20s waiting for 3 hosts: web1, web3: "+down+"; web2: ***: answers 503 [...]",
			"30s waiting for 1 host: web3: "+down,
			"1m45.5s waiting for 1 host: web5: "+down)
	})
}

func TestALineIsShortHoweverManyWait(t *testing.T) {
	inTime(t, func(l *Log, p *timed) {
		var all []*Wait
		for i := range 500 {
			all = append(all, l.Wait(fmt.Sprintf("web%03d", i), fmt.Sprintf("reason %d ", i%7)+strings.Repeat("☃", 1000)))
		}
		time.Sleep(11 * time.Second)
		for _, w := range all {
			w.End()
		}
		snow := strings.Repeat("☃", (maxReason-len("reason 0 "))/3) + " [...]"
		p.want(t, "10s waiting for 500 hosts: web000, web007, web014 and 69 more: reason 0 "+snow+
			"; web001, web008, web015 and 69 more: reason 1 "+snow+"; web002, web009, web016 and 69 more: reason 2 "+snow+" and 4 more")
	})
}

func TestASecretIsHiddenBeforeAReasonIsCut(t *testing.T) {
	inTime(t, func(l *Log, p *timed) {
		w := l.Wait("web1", strings.Repeat("x", maxReason-3)+"hidden")
		time.Sleep(11 * time.Second)
		w.End()
		p.want(t, "10s waiting for 1 host: web1: "+strings.Repeat("x", maxReason-3)+"***")
	})
}
