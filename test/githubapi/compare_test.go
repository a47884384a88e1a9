package githubapi_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	. "github.com/apxr/slipway/test/githubapi"
)

// A comparison is what is looked at of one, with the names of commits.
type comparison struct {
	status        string
	ahead, behind int
	mergeBase     string
	commits       string
}

func compared(t *testing.T, answer reply, names ...string) comparison {
	t.Helper()
	var got struct {
		Status          string
		Ahead           int                     `json:"ahead_by"`
		Behind          int                     `json:"behind_by"`
		Total           int                     `json:"total_commits"`
		MergeBaseCommit struct{ SHA string }    `json:"merge_base_commit"`
		Commits         []struct{ SHA string }  `json:"commits"`
		Files           []struct{ Name string } `json:"files"`
	}
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || answer.status != 200 || got.Total != got.Ahead {
		t.Fatalf("%d %s: %v", answer.status, answer.body, err)
	}
	known := map[string]string{}
	for _, name := range names {
		known[SHA(name)] = name
	}
	var commits []string
	for _, commit := range got.Commits {
		commits = append(commits, known[commit.SHA])
	}
	return comparison{got.Status, got.Ahead, got.Behind, known[got.MergeBaseCommit.SHA], strings.Join(commits, " ")}
}

// The repository, later commits to the right; m and n are merges, n of two branches that had merged each other's work.
//
//	a - b - c - m - n - o
//	     \     /   /
//	      d - e - f - g
//
//	x
func TestCompare(t *testing.T) {
	s := New(t, Options{})
	chain(s, "", "a", "b", "c")
	chain(s, "b", "d", "e")
	s.Commit(SHA("m"), SHA("c"), SHA("e"))
	chain(s, "e", "f")
	s.Commit(SHA("n"), SHA("m"), SHA("f"))
	chain(s, "n", "o")
	chain(s, "f", "g")
	chain(s, "", "x")
	s.Branch("main", SHA("o"))
	s.Branch("feature/g", SHA("g"))
	for _, c := range []struct {
		base, head string
		want       comparison
	}{
		{SHA("a"), SHA("c"), comparison{"ahead", 2, 0, "a", "b c"}},
		{SHA("c"), SHA("a"), comparison{"behind", 0, 2, "a", ""}},
		{SHA("b"), SHA("b"), comparison{"identical", 0, 0, "b", ""}},
		{SHA("c"), SHA("e"), comparison{"diverged", 2, 1, "b", "d e"}},
		{SHA("b"), SHA("m"), comparison{"ahead", 4, 0, "b", "c d e m"}},
		{SHA("c"), SHA("m"), comparison{"ahead", 3, 0, "c", "d e m"}},
		{SHA("m"), SHA("g"), comparison{"diverged", 2, 2, "e", "f g"}},
		{SHA("g"), "main", comparison{"diverged", 4, 1, "f", "c m n o"}},
		{"feature%2Fg", "main", comparison{"diverged", 4, 1, "f", "c m n o"}},
		{"feature/g", SHA("o")[:7], comparison{"diverged", 4, 1, "f", "c m n o"}},
	} {
		names := strings.Split("a b c d e m f n o g", " ")
		if got := compared(t, ask(t, s, "GET", "compare/"+c.base+"..."+c.head, ""), names...); got != c.want {
			t.Errorf("%s...%s: got %+v, want %+v", c.base, c.head, got, c.want)
		}
	}
	for _, path := range []string{SHA("a") + "..." + SHA("none"), "gone...main", SHA("x") + "...main"} {
		if answer := ask(t, s, "GET", "compare/"+path, ""); answer.status != 404 {
			t.Errorf("%s: %d", path, answer.status)
		}
	}
}

var link = regexp.MustCompile(`<([^>]+)>; rel="(\w+)"`)

// links are the relations that an answer's header leads to, and where.
func links(answer reply) map[string]string {
	all := map[string]string{}
	for _, found := range link.FindAllStringSubmatch(answer.header.Get("Link"), -1) {
		all[found[2]] = found[1]
	}
	return all
}

func TestLargeComparison(t *testing.T) {
	s := New(t, Options{})
	names := make([]string, 301)
	for i := range names {
		names[i] = fmt.Sprint("commit-", i)
	}
	chain(s, "", names...)
	path := "compare/" + SHA(names[0]) + "..." + SHA(names[300])
	newest := comparison{"ahead", 300, 0, "commit-0", strings.Join(names[51:], " ")}
	if got := compared(t, ask(t, s, "GET", path, ""), names...); !reflect.DeepEqual(got, newest) {
		t.Errorf("without paging: %+v", got)
	}
	var all []string
	for next, pages := s.URL+"/repos/apxr/apxr_io/"+path+"?per_page=100", 0; next != ""; pages++ {
		answer := ask(t, s, "GET", strings.TrimPrefix(next, s.URL), "")
		all = append(all, compared(t, answer, names...).commits)
		if next = links(answer)["next"]; pages > 3 {
			t.Fatal("it does not end")
		}
	}
	if got := strings.Join(all, " "); got != strings.Join(names[1:], " ") {
		t.Errorf("with paging: %s", got)
	}
	if got := compared(t, ask(t, s, "GET", path+"?page=2", ""), names...).commits; got != strings.Join(names[31:61], " ") {
		t.Errorf("the second page: %s", got)
	}
}
