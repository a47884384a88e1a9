package rollout

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/script"
)

// linesOf is what a log tells while f runs.
func linesOf(f func(log *progress.Log)) []string {
	var b strings.Builder
	f(progress.New(progress.Terminal{W: &b}))
	return strings.FieldsFunc(strings.ReplaceAll(b.String(), "    ", ""), func(r rune) bool { return r == '\n' })
}

func TestWhatTheHostsWaitForIsToldAsOneLine(t *testing.T) {
	up := script.Service{
		Units:   []script.Unit{{Name: "app.service", Active: "active", Sub: "running", PID: 7, Running: id2}},
		Current: release.Activation{ID: id2}, Listening: []int{4001},
	}
	deaf := up
	deaf.Listening = nil
	const no = "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"
	hosts := []*host{
		{name: "web1", Host: &probed{answers: []script.Service{deaf}}},
		{name: "web2", Host: &probed{answers: []script.Service{up}, http: no}},
		{name: "web3", Host: &probed{answers: append(slices.Repeat([]script.Service{deaf}, 50), up), http: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
	}
	synctest.Test(t, func(t *testing.T) {
		got := linesOf(func(log *progress.Log) {
			r := proving(t)
			r.log = log
			var proofs sync.WaitGroup
			for _, h := range hosts {
				time.Sleep(time.Millisecond) // in their order
				proofs.Go(func() { r.prove(t.Context(), h, up.Current, nil, 11*time.Second, 25*time.Second) })
			}
			proofs.Wait()
		})
		const answers = "web2: http://127.0.0.1:4001/health answers 503 Service Unavailable"
		want := []string{
			"waiting for 3 hosts: web1, web3: nothing listens on port 4001; " + answers,
			"waiting for 3 hosts: " + answers + "; web3: it is up, and has to stay so for 11s; web1: nothing listens on port 4001",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}
