package githubapi_test

import (
	"fmt"
	"testing"

	. "github.com/apxr/slipway/test/githubapi"
)

func deployable(t *testing.T) *Server {
	s := New(t, Options{})
	chain(s, "", "a", "b")
	s.Branch("main", SHA("b"))
	return s
}

func deploy(t *testing.T, s *Server, ref, environment, more string) string {
	t.Helper()
	answer := ask(t, s, "POST", "deployments", fmt.Sprintf(
		`{"ref":%q,"environment":%q,"auto_merge":false,"required_contexts":[]%s}`, ref, environment, more))
	if answer.status != 201 {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
	return fmt.Sprintf("%.0f", answer.object(t)["id"])
}

func report(t *testing.T, s *Server, id, fields string) {
	t.Helper()
	if answer := ask(t, s, "POST", "deployments/"+id+"/statuses", `{`+fields+`}`); answer.status != 201 {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
}

func states(t *testing.T, s *Server, id string) string {
	t.Helper()
	return fmt.Sprint(ask(t, s, "GET", "deployments/"+id+"/statuses", "").field(t, "state"))
}

func TestDeployments(t *testing.T) {
	s := deployable(t)
	deploy(t, s, "main", "production", "")
	deploy(t, s, SHA("a"), "staging", `,"task":"migrate"`)
	last := deploy(t, s, "main", "staging", `,"payload":{"release":"1"},"description":"a release"`)
	for query, want := range map[string]string{
		"": "[staging staging production]", "?environment=staging": "[staging staging]", "?ref=main": "[staging production]",
		"?sha=" + SHA("a"): "[staging]", "?task=deploy": "[staging production]", "?task=deploy&environment=production": "[production]",
		"?environment=none": "[]", "?per_page=1&page=3": "[production]",
	} {
		if got := fmt.Sprint(ask(t, s, "GET", "deployments"+query, "").field(t, "environment")); got != want {
			t.Errorf("%q: got %s, want %s", query, got, want)
		}
	}
	one := ask(t, s, "GET", "deployments/"+last, "").object(t)
	if one["sha"] != SHA("b") || one["description"] != "a release" || fmt.Sprint(one["payload"]) != "map[release:1]" || one["production_environment"] != false {
		t.Errorf("got %v", one)
	}
	if got := ask(t, s, "GET", "deployments/1", "").status; got != 404 {
		t.Errorf("one that is not there: %d", got)
	}
}

func TestDeploymentsThatAreRefused(t *testing.T) {
	s := deployable(t)
	for body, want := range map[string]int{
		`{"ref":"gone","auto_merge":false,"required_contexts":[]}`:        422,
		`{"ref":"main","required_contexts":[]}`:                           409,
		`{"ref":"main","auto_merge":true,"required_contexts":[]}`:         409,
		`{"ref":"main","auto_merge":false}`:                               409,
		`{"ref":"main","auto_merge":false,"required_contexts":["tests"]}`: 409,
	} {
		if answer := ask(t, s, "POST", "deployments", body); answer.status != want {
			t.Errorf("%s: %d %s", body, answer.status, answer.body)
		}
	}
	if all := s.Deployments(); len(all) > 0 {
		t.Errorf("made %v", all)
	}
	id := deploy(t, s, "main", "production", "")
	for fields, want := range map[string]int{
		`"state":"success","environment_url":"app.test"`:                    422,
		`"state":"success","description":"` + fmt.Sprintf("%141d", 1) + `"`: 422,
		`"state":"success","description":"` + fmt.Sprintf("%140d", 1) + `"`: 201,
	} {
		if answer := ask(t, s, "POST", "deployments/"+id+"/statuses", `{`+fields+`}`); answer.status != want {
			t.Errorf("%s: %d %s", fields, answer.status, answer.body)
		}
	}
	if got := ask(t, s, "POST", "deployments/1/statuses", `{"state":"success"}`).status; got != 404 {
		t.Errorf("a status of none: %d", got)
	}
}

func TestWhatBecomesInactive(t *testing.T) {
	s := deployable(t)
	succeed := func(environment, more string) string {
		id := deploy(t, s, "main", environment, more)
		report(t, s, id, `"state":"success","auto_inactive":false`)
		return id
	}
	earlier := succeed("staging", "")
	production, calledSo := succeed("production", ""), succeed("staging", `,"production_environment":true`)
	transient, other := succeed("staging", `,"transient_environment":true`), succeed("qa", "")
	failed, running := deploy(t, s, "main", "staging", ""), deploy(t, s, "main", "staging", "")
	report(t, s, failed, `"state":"success","auto_inactive":false`)
	report(t, s, failed, `"state":"failure"`)
	report(t, s, running, `"state":"in_progress"`)
	this := deploy(t, s, "main", "staging", "")
	later := succeed("staging", "")
	report(t, s, this, `"state":"in_progress"`)
	if got := states(t, s, earlier); got != "[success]" {
		t.Errorf("while another one is in progress: %s", got)
	}
	report(t, s, this, `"state":"success"`)
	for name, c := range map[string][2]string{
		"an earlier one": {earlier, "[inactive success]"}, "in production": {production, "[success]"}, "called so": {calledSo, "[success]"},
		"transient": {transient, "[success]"}, "elsewhere": {other, "[success]"}, "failed": {failed, "[failure success]"},
		"running": {running, "[in_progress]"}, "itself": {this, "[success in_progress]"}, "a later one": {later, "[success]"},
	} {
		if got := states(t, s, c[0]); got != c[1] {
			t.Errorf("%s: got %s, want %s", name, got, c[1])
		}
	}
	again := deploy(t, s, "main", "production", "")
	report(t, s, again, `"state":"success"`)
	if got := states(t, s, production); got != "[success]" {
		t.Errorf("in production, after another one: %s", got)
	}
}
