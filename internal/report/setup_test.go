package report

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/setup"
)

func prepared(check bool) setup.Result {
	outcome := setup.Changed
	if check {
		outcome = setup.WouldChange
	}
	return setup.Result{Check: check, Took: 75 * time.Second, Hosts: []setup.Host{
		{Name: "web1", Outcome: setup.Ready, OK: 40},
		{Name: "web2:2222", Outcome: outcome, OK: 42, Changed: 2, Tasks: []setup.Task{
			{Name: "Make the unit", Role: "web_server", Status: setup.TaskChanged, Diff: []setup.Diff{{
				Header: "/etc/systemd/system/apxr_io.service",
				Before: "[Unit]\nA=1\nB=2\nC=3\nD=4\nE=5\nF=6\n[Service]\nUser=old\nType=exec\n",
				After:  "[Unit]\nA=1\nB=2\nC=3\nD=4\nE=5\nF=6\n[Service]\nUser=apxr_io\nType=exec\n",
			}}},
			{Name: "Is it there?", Status: setup.TaskFailed, Ignored: true, Message: "no"},
			{Name: "Say which packages", Role: "packages", Action: "ansible.builtin.debug", Status: setup.TaskChanged, Message: "would be installed: nftables, zstd, and as many others as it takes to make a line that is broken"},
			{Name: "Make the user", Role: "users", Status: setup.TaskChanged},
			{Name: "Make the user", Role: "users", Status: setup.TaskChanged},
			{Name: "Say why", Role: "build_server", Status: setup.TaskFailed, Ignored: true, Message: "notice: the project was not cloned: no access. Builds do not need that clone."},
		}},
	}}
}

func TestSetups(t *testing.T) {
	done, check := prepared(false), prepared(true)
	ready := setup.Result{Hosts: done.Hosts[:1]}
	failed := prepared(false)
	bad := setup.Task{Name: "Install packages", Role: "packages", Status: setup.TaskFailed, Message: "E: no such package\nE: really"}
	for _, name := range []string{"web3", "web4"} {
		failed.Hosts = append(failed.Hosts, setup.Host{Name: name, Outcome: setup.Failed, Tasks: []setup.Task{bad}})
	}
	failed.Hosts = append(failed.Hosts, setup.Host{Name: "web5", Outcome: setup.NotFinished})
	cancelled := setup.Result{Cancelled: true, Hosts: []setup.Host{{Name: "web1", Outcome: setup.NotReached}}}
	broken := setup.Result{Hosts: []setup.Host{{Name: "web1", Outcome: setup.NotReached}}}
	for name, c := range map[string]struct {
		r   setup.Result
		err error
	}{
		"setup-changed": {done, nil}, "setup-check": {check, nil}, "setup-ready": {ready, nil},
		"setup-failed":    {failed, errors.New("web3: packages: Install packages: E: no such package")},
		"setup-cancelled": {cancelled, errors.New("cancelled: servers may be set up in part")},
		"setup-broken":    {broken, errors.New("ansible-playbook: exit status 4: ERROR! no such role")},
	} {
		r := Setup{c.r, Ended{c.err}}
		outputs, err := r.Outputs()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".md", r.Markdown(place))
		golden(t, name+".txt", fmt.Sprintf("%s%v\n", r.Text(), outputs))
	}
}

func TestASetupOfALargeFleetFitsIntoASummary(t *testing.T) {
	long := strings.Repeat("`|<&😀\n", 3_000)
	r := setup.Result{Check: true}
	for i := range 2_000 {
		h := setup.Host{Name: fmt.Sprint(i, long), Outcome: setup.Failed, Changed: 1}
		h.Tasks = append(h.Tasks,
			setup.Task{Name: long, Status: setup.TaskChanged, Diff: []setup.Diff{{Header: "x", Before: "y", After: long}}},
			setup.Task{Name: long, Status: setup.TaskFailed, Message: fmt.Sprint(i, long)})
		r.Hosts = append(r.Hosts, h)
	}
	text := Setup{r, Ended{errors.New(long)}}.Markdown(place)
	if len(text) > 1<<20 {
		t.Errorf("%d bytes", len(text))
	}
	for _, want := range []string{"1970 more kinds of failures", "1700 more servers", "see the log"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if out, err := (Setup{Result: r}).Outputs(); err == nil || out["hosts"] != "[]" {
		t.Errorf("an output of %d bytes, %v", len(out["hosts"]), err)
	}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string][3]string{
		"new":     {"", "a\nb\n", "+a\n+b\n"},
		"gone":    {"a\n", "", "-a\n"},
		"between": {"a\nb\nc\n", "a\nX\nc\n", " a\n-b\n+X\n c\n"},
		"twice":   {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\nY\n", "@@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n 9\n+Y\n"},
		"apart":   {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "X\n2\n3\n4\n5\n6\n7\n8\nY\n", "-1\n+X\n 2\n 3\n 4\n@@\n 6\n 7\n 8\n-9\n+Y\n"},
		"moved":   {"a\nb\n", "b\na\n", "-a\n b\n+a\n"},
		"empty":   {"\n\n", "\n", " \n-\n"},
	} {
		if got := difference(setup.Diff{Before: c[0], After: c[1]}); got != c[2] {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
