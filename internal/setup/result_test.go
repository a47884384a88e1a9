package setup

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

const lines = `{"event":"task","host":"a","task":"Make users","role":"users","action":"ansible.builtin.user","status":"changed","ignored":false,"message":"","diff":[{"header":"/etc/x","before":"1\n","after":"2\n"}]}
{"event":"task","host":"b","task":"Look","role":"","action":"ansible.builtin.command","status":"failed","ignored":true,"message":"rc 1","diff":[]}
{"event":"task","host":"c","task":"Look","role":"","action":"x","status":"unreachable","ignored":false,"message":"No ED25519 host key is known for c and you have requested strict checking.","diff":[]}
{"event":"other","host":"a","new":{"of":"a later version"}}
{"event":"stats","host":"a","ok":7,"changed":1,"failed":0,"unreachable":0,"skipped":2}
{"event":"stats","host":"b","ok":6,"changed":0,"failed":0,"unreachable":0,"skipped":2}
{"event":"stats","host":"c","ok":0,"changed":0,"failed":0,"unreachable":1,"skipped":0}
{"event":"task","host":"a","task":"cut o`

func TestResultsByServer(t *testing.T) {
	tasks, stats, err := read(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	want := []Task{{Name: "Make users", Role: "users", Action: "ansible.builtin.user", Status: TaskChanged, Diff: []Diff{{"/etc/x", "1\n", "2\n"}}}}
	if !reflect.DeepEqual(tasks["a"], want) || stats["a"] != (numbers{7, 1, 0, 0, 2}) {
		t.Errorf("%+v, %+v", tasks["a"], stats["a"])
	}
	if m := tasks["c"][0].Message; !strings.HasPrefix(m, "its host key is not in known-hosts; nothing was sent.") || !strings.Contains(m, "No ED25519") {
		t.Errorf("%q", m)
	}
	for _, bad := range []string{"nonsense\n", "{\"event\":\"task\",\"host\":1}\n"} {
		if _, _, err := read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestWhatBecameOfEachServer(t *testing.T) {
	change, bad := Task{Name: "x", Status: TaskChanged}, Task{Name: "y", Status: TaskFailed, Message: "broken"}
	ignored, away := Task{Name: "z", Status: TaskFailed, Ignored: true}, Task{Name: "w", Status: TaskUnreachable}
	ok := numbers{OK: 3}
	for name, c := range map[string]struct {
		tasks []Task
		stats *numbers
		fate  fate
		want  Outcome
	}{
		"nothing to do":                    {nil, &ok, fate{}, Ready},
		"a failure that was expected":      {[]Task{ignored}, &ok, fate{}, Ready},
		"changed":                          {[]Task{change}, &ok, fate{}, Changed},
		"would change":                     {[]Task{change}, &ok, fate{check: true}, WouldChange},
		"failed":                           {[]Task{change, bad}, &numbers{Failed: 1}, fate{failed: true}, Failed},
		"failed, killed":                   {[]Task{bad}, nil, fate{failed: true}, Failed},
		"away":                             {[]Task{away}, &numbers{Unreachable: 1}, fate{failed: true}, NotReached},
		"well, another one failed":         {[]Task{change}, &ok, fate{failed: true}, Changed},
		"stopped because of another one":   {nil, &ok, fate{failed: true, broken: true}, NotFinished},
		"killed after a change":            {[]Task{change}, nil, fate{failed: true}, NotFinished},
		"never seen":                       {nil, nil, fate{}, NotReached},
		"never seen, the run went on well": {nil, nil, fate{check: true}, NotReached},
	} {
		stats := map[string]numbers{}
		if c.stats != nil {
			stats["h"] = *c.stats
		}
		got := outcomes([][2]string{{"h", "H"}}, map[string][]Task{"h": c.tasks}, stats, c.fate)
		if len(got) != 1 || got[0].Outcome != c.want || got[0].Name != "H" {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// An exit status of 0 proves nothing: ansible-playbook has it even if it reached no
// server.
func TestAGreenRunHasSetUpEveryServer(t *testing.T) {
	none := errors.New("exit status 2")
	bad := Host{Name: "b", Outcome: Failed, Tasks: []Task{{Name: "Make users", Role: "users", Status: TaskFailed, Message: "no space\nleft"}}}
	for name, c := range map[string]struct {
		hosts []Host
		err   error
		says  string
	}{
		"all well":      {[]Host{{Name: "a", Outcome: Ready}, {Name: "b", Outcome: Changed}}, nil, ""},
		"nobody":        {nil, nil, "does not say that it set up all servers"},
		"one missing":   {[]Host{{Name: "a", Outcome: Ready}, {Name: "b", Outcome: NotReached}}, nil, "does not say that it set up all servers"},
		"one failed":    {[]Host{{Name: "a", Outcome: Ready}, bad}, none, "b: users: Make users: no space\nleft"},
		"only a code":   {[]Host{{Name: "a", Outcome: NotReached}}, none, "ansible-playbook: exit status 2: ERROR! no such role"},
		"failed, green": {[]Host{bad}, nil, "b: users: Make users"},
	} {
		err := Result{Hosts: c.hosts}.failure(c.err, "ERROR! no such role")
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMessagesHaveTheRemedyFirst(t *testing.T) {
	for message, c := range map[string]struct {
		status Status
		want   string
	}{
		"Missing sudo password":                  {TaskFailed, "setup-user needs sudo without a password (NOPASSWD) there\nMissing sudo password"},
		"x: Permission denied (publickey).":      {TaskUnreachable, "it does not let setup-user in with this key"},
		"open /etc/x: Permission denied (no)":    {TaskFailed, "open /etc/x: Permission denied (no)"},
		"REMOTE HOST IDENTIFICATION HAS CHANGED": {TaskUnreachable, "its host key is not the one in known-hosts"},
		" \n":                                    {TaskFailed, "it gives no reason"},
		"\t":                                     {TaskChanged, ""},
	} {
		if got := explained(Task{Status: c.status, Message: message}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: %q", message, got)
		}
	}
}
