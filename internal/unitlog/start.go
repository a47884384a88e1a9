package unitlog

import "regexp"

var (
	stoppingRE = regexp.MustCompile(`^systemd\[\d+\]: Stopping `)
	stoppedRE  = regexp.MustCompile(`^systemd\[\d+\]: Stopped `)
	startRE    = regexp.MustCompile(`^systemd\[\d+\]: Start(?:ed|ing) `)
)

// sinceStart returns the lines since the last start on request. Only such a start has
// "Stopping" before "Stopped": systemd does not stop a process that ended by itself. If
// nothing ran before, the first start counts.
func sinceStart(lines []Line) []Line {
	begins, stopping, stopped := 0, false, -1
	started := false
	for i, line := range lines {
		switch {
		case stoppingRE.MatchString(line.Text):
			stopping = true
		case stoppedRE.MatchString(line.Text):
			if stopping || !started {
				stopped = i
			}
			stopping = false
		case startRE.MatchString(line.Text):
			if started = true; stopped >= 0 {
				begins, stopped = stopped+1, -1
			}
		}
	}
	return lines[begins:]
}
