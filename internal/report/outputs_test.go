package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/rollout"
)

func TestOutputsOfABuild(t *testing.T) {
	want := map[string]string{"release-id": string(r2), "release-digest": string(digest), "version": "0.2.0", "revision": revision}
	m := built()
	if got, err := (Build{Made: &m, Digest: digest}).Outputs(); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestOutputsSayWhatIsSo(t *testing.T) {
	r := results["success"].Result
	r.Became, r.Previous.ID, r.Digest = rollout.BecameLive, r1, digest
	hosts := `[{"host":"web1","outcome":"live","before":"20240101T000000","now":"20240102T000000","seconds":2.345},` +
		`{"host":"root@[fd00::1]:2222","outcome":"unchanged","before":"20240102T000000","now":"20240102T000000","seconds":0}]`
	got, err := went(r, nil).Outputs()
	want := map[string]string{"release-id": string(r2), "release-digest": string(digest), "version": "0.2.0", "revision": revision, "previous-release-id": string(r1), "result": "live", "hosts": hosts}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	r.Became = rollout.BecameFailed
	got, err = went(r, errors.New("it failed")).Outputs()
	if want := map[string]string{"result": "failed", "hosts": hosts}; err != nil || !maps.Equal(got, want) {
		t.Errorf("of a failed run: %v, %v", got, err)
	}
	if got, err := (Rollout{}).Outputs(); err != nil || got["hosts"] != "[]" {
		t.Errorf("without hosts: %v, %v", got, err)
	}
}

func TestEveryOutcomeHasAWordForPrograms(t *testing.T) {
	for _, o := range []host.Outcome{host.Live, host.Staged, host.Unchanged, host.Untouched, host.Skipped, host.Reverted, host.GoingBack, host.Failed} {
		if word := outcomes[o]; word == "" || strings.ToLower(word) != word || strings.Contains(word, " ") {
			t.Errorf("%s: %q", o, word)
		}
	}
}

func TestOutputsAreOneLineOfJSON(t *testing.T) {
	for _, v := range hostile {
		got, err := went(rollout.Result{Hosts: []host.Result{{Host: v}}}, nil).Outputs()
		var hosts []hostValue
		if err != nil || strings.ContainsAny(got["hosts"], "\r\n") || json.Unmarshal([]byte(got["hosts"]), &hosts) != nil || len(hosts) != 1 {
			t.Errorf("%q: %q, %v", v, got["hosts"], err)
		}
	}
}

func TestOutputsOfTooManyHostsAreLeftOutAndSaidSo(t *testing.T) {
	var r rollout.Result
	for i := range 5000 {
		r.Hosts = append(r.Hosts, host.Result{Host: fmt.Sprintf("deploy@web%d.example.com", i), Outcome: host.Live, Before: r1, After: r2})
	}
	got, err := went(r, nil).Outputs()
	if got["hosts"] != "[]" || got["result"] == "x" || err == nil || !strings.Contains(err.Error(), "the output hosts is empty") {
		t.Errorf("%d bytes, %v", len(got["hosts"]), err)
	}
	r.Hosts = r.Hosts[:2000]
	if got, err := went(r, nil).Outputs(); err != nil || len(got["hosts"]) < 100_000 {
		t.Errorf("2000 hosts: %d bytes, %v", len(got["hosts"]), err)
	}
}

func TestPullsAreNumbersForPrograms(t *testing.T) {
	p := Pulls{Live: []int{12, 7}, Gone: []int{9}}
	if got := p.JSON(); got != "[7,9,12]" {
		t.Error(got)
	}
	if got := p.Only([]int{7, 9, 11}).JSON(); got != "[7,9]" {
		t.Error(got)
	}
	if got := (Pulls{}).JSON(); got != "[]" {
		t.Error(got)
	}
}
