package setup

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// numbers are a server's when a playbook has ended.
type numbers struct {
	OK, Changed, Failed, Unreachable, Skipped int
}

// event is a line of the collection's callback plugin.
type event struct {
	Event string
	Host  string
	Task
	OK, Changed, Failed, Unreachable, Skipped int
}

func readFile(path string) (map[string][]Task, map[string]numbers, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("the results of Ansible are gone: %w", err)
	}
	defer f.Close()
	return read(f)
}

// read takes the lines by server. A last line that is cut off is what a run that
// was ended leaves.
func read(r io.Reader) (map[string][]Task, map[string]numbers, error) {
	tasks, stats := map[string][]Task{}, map[string]numbers{}
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return tasks, stats, nil
		}
		if err != nil {
			return tasks, stats, err
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return tasks, stats, fmt.Errorf("a line of Ansible's results is not JSON: %w", err)
		}
		switch e.Event {
		case "task":
			e.Message = explained(e.Task)
			tasks[e.Host] = append(tasks[e.Host], e.Task)
		case "stats":
			stats[e.Host] = numbers{e.OK, e.Changed, e.Failed, e.Unreachable, e.Skipped}
		}
	}
}

// explanations are what ssh and Ansible say of a server on which nothing can be
// done, and what to do about it.
var explanations = []struct {
	status       Status
	says, advice string
}{
	{TaskUnreachable, "REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key is not the one in known-hosts, or somebody stands in between; nothing was sent. If the server was installed anew, replace its line in known-hosts by what ssh-keyscan prints"},
	{TaskUnreachable, "host key is known for", "its host key is not in known-hosts; nothing was sent. Add the line that ssh-keyscan prints for it, and compare it with the key on the server (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)"},
	{TaskUnreachable, "Permission denied (", "it lets setup-user not in with this key: its public half has to be in authorized_keys of that user"},
	{TaskFailed, "sudo: a password is required", needsSudo},
	{TaskFailed, "Missing sudo password", needsSudo},
}

const needsSudo = "setup-user needs sudo without a password (NOPASSWD) there"

// explained is the message of a task with the remedy first.
func explained(t Task) string {
	text := strings.TrimSpace(t.Message)
	for _, e := range explanations {
		if t.Status == e.status && strings.Contains(text, e.says) {
			return e.advice + "\n" + text
		}
	}
	if text == "" && t.Status != TaskChanged {
		return "it gives no reason"
	}
	return text
}
