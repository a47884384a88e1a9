package setup

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/progress"
)

// followEvery is how often the results are looked at while Ansible runs.
const followEvery = 300 * time.Millisecond

// follow says on the log which role begins, and what fails, while Ansible writes its
// results. The function that it returns says the rest and ends that. The results are
// read once more when Ansible has ended: what cannot be read here is an error there.
func follow(path string, log *progress.Log) (end func()) {
	done := make(chan struct{})
	var following sync.WaitGroup
	following.Go(func() {
		f, err := os.Open(path)
		if err != nil {
			return
		}
		defer f.Close()
		var teller teller
		for ended := false; !ended; {
			select {
			case <-done:
				ended = true
			case <-time.After(followEvery):
			}
			more, _ := io.ReadAll(f)
			teller.read(more, func(who, text string) { log.Say(who, "%s", text) })
		}
	})
	return func() {
		close(done)
		following.Wait()
	}
}

// teller says what lines of the results are worth a line of the log.
type teller struct {
	rest []byte
}

func (t *teller) read(more []byte, say func(who, text string)) {
	t.rest = append(t.rest, more...)
	for {
		line, rest, complete := bytes.Cut(t.rest, []byte{'\n'})
		if !complete {
			return
		}
		t.rest = rest
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch {
		case e.Event == "role":
			say("", "role "+e.Role)
		case e.Event == "task" && e.Bad():
			first, _, _ := strings.Cut(explained(e.Task), "\n")
			say(e.Host, string(e.Status)+": "+e.Title()+": "+first)
		}
	}
}
