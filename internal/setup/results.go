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

// numbers counts the tasks of a server at the end of a playbook.
type numbers struct {
	OK, Changed, Failed, Unreachable, Skipped int
}

// event is "role" when a role begins, "task" for a task that changed something or did not
// succeed, and "stats" for the numbers of a server at the end. It is a line of the collection's callback plugin.
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

// read groups the lines by server. It skips an incomplete last line, which a run
// leaves behind that was ended early.
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

// explanations say what to do about known errors of ssh and Ansible.
var explanations = []struct {
	status       Status
	says, advice string
}{
	{TaskUnreachable, "REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key is not the one in known-hosts, or someone is intercepting the connection; nothing was sent. If the server was reinstalled, replace its line in known-hosts with what ssh-keyscan prints"},
	{TaskUnreachable, "host key is known for", "its host key is not in known-hosts; nothing was sent. Add the line that ssh-keyscan prints for it, and compare it with the key on the server (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)"},
	{TaskUnreachable, "Permission denied (", "it does not let setup-user in with this key: the public half has to be in that user's authorized_keys"},
	{TaskFailed, "sudo: a password is required", needsSudo},
	{TaskFailed, "Missing sudo password", needsSudo},
}

const needsSudo = "setup-user needs sudo without a password (NOPASSWD) there"

// explained returns the message of a task, after the remedy if one is known.
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
