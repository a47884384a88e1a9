package builds

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// noCanary searches a log and the build host's disk for secrets, as they are and
// as they travel.
func (s *site) noCanary(log string, secrets ...string) {
	s.Helper()
	var forms strings.Builder
	for _, secret := range secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte("x-access-token:" + secret)), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(log, form) {
				s.Errorf("the log shows a secret (%.6s...)", form)
			}
			forms.WriteString(form + "\n")
		}
	}
	// The patterns come over stdin: they must not be in a process list themselves.
	out, err := s.host.Run(s.Context(), strings.NewReader(forms.String()), "sh", "-c",
		`cat >/run/patterns; cd /; LC_ALL=C grep -rlF -f /run/patterns home tmp var/tmp var/log root etc dev/shm || true; rm /run/patterns`)
	s.Must(err)
	if out = strings.TrimSpace(out); out != "" {
		s.Errorf("a secret is on the build host's disk: %s", out)
	}
}

// watchArguments looks for secrets in the argument lists of all processes of the
// build host, again and again until the function that it returns is called.
func (s *site) watchArguments(secrets []string) (stop func()) {
	s.Helper()
	over := make(chan struct{})
	var watch sync.WaitGroup
	looks := 0
	watch.Go(func() {
		for ; ; looks++ {
			select {
			case <-over:
				return
			case <-time.After(10 * time.Millisecond):
				s.lookAtArguments(secrets)
			}
		}
	})
	return func() {
		close(over)
		watch.Wait()
		if looks < 100 {
			s.Errorf("only %d looks at the process list", looks)
		}
	}
}

func (s *site) lookAtArguments(secrets []string) {
	pids, err := s.host.Processes()
	if err != nil || len(pids) == 0 {
		s.Errorf("%d processes, %v", len(pids), err)
	}
	for _, pid := range pids {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may have ended
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				s.Errorf("a secret was in the process list: %q", text)
			}
		}
	}
}
