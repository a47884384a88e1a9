package lab

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	inotifyLimit  = "/proc/sys/fs/inotify/max_user_instances"
	inotifyEnough = 1024
)

// allowManyHosts raises how many inotify instances root may have. A host's systemd and its services take about eight,
// and the kernel's default of 128 for all hosts and the machine itself ends at the sixteenth host: its systemd then does
// not start. The limit stays raised, since other labs need it too, and is back after the next boot of the machine.
func allowManyHosts() error {
	text, err := os.ReadFile(inotifyLimit)
	if err != nil {
		return fmt.Errorf("allow more inotify instances: %w", err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", inotifyLimit, err)
	}
	if limit >= inotifyEnough {
		return nil
	}
	if err := os.WriteFile(inotifyLimit, []byte(strconv.Itoa(inotifyEnough)), 0o644); err != nil {
		return fmt.Errorf("allow more inotify instances: %w", err)
	}
	return nil
}
