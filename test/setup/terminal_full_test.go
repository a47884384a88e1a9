//go:build full

package setup

import (
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"
)

// typed runs a program on a terminal: it waits for a text, types the next one,
// and so on, until the program ends.
func (s *site) typed(cmd *exec.Cmd, talk ...string) {
	s.Helper()
	terminal, err := pty.Start(cmd)
	s.Must(err)
	defer terminal.Close()
	shown := make(chan string, 1000)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := terminal.Read(buf)
			shown <- string(buf[:n])
			if err != nil {
				close(shown)
				return
			}
		}
	}()
	seen := ""
	for i, text := range talk {
		if i%2 == 1 {
			_, err := terminal.WriteString(text)
			s.Must(err)
			continue
		}
		for deadline := time.After(time.Minute); !strings.Contains(seen, text); {
			select {
			case more := <-shown:
				seen += more
			case <-deadline:
				s.Errorf("the terminal does not show %q, but %q", text, seen)
				cmd.Process.Kill()
				return
			}
		}
		_, seen, _ = strings.Cut(seen, text)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			s.Errorf("it ends with %v: %q", err, seen)
		}
	case <-time.After(time.Minute):
		s.Errorf("it does not end")
		cmd.Process.Kill()
	}
}
