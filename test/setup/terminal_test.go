package setup

import (
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"
)

// typed runs a program on a terminal: it waits for a text, types the next one,
// and so on, until the program ends.
func (w *world) typed(cmd *exec.Cmd, talk ...string) {
	w.Helper()
	terminal, err := pty.Start(cmd)
	w.must(err)
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
			w.must(err)
			continue
		}
		for deadline := time.After(20 * time.Second); !strings.Contains(seen, text); {
			select {
			case more := <-shown:
				seen += more
			case <-deadline:
				w.Errorf("the terminal does not show %q, but %q", text, seen)
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
			w.Errorf("it ends with %v: %q", err, seen)
		}
	case <-time.After(20 * time.Second):
		w.Errorf("it does not end")
		cmd.Process.Kill()
	}
}
