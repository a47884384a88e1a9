package release

import (
	"strings"
	"testing"
)

func TestANoteOfStagingSurvivesItsHost(t *testing.T) {
	whole := Staged{
		Key: "20240103T000000.123456789", From: "20240101T000000", FromEnv: "20240101T000000.000000001", To: "20240102T000000",
		Version: "1.2.0", Revision: strings.Repeat("ab", 20), Digest: Digest(sum), Forced: true, Superseded: "it is older",
	}
	data, err := whole.JSON()
	if err != nil || strings.Contains(string(data), "\n") {
		t.Fatal(string(data), err)
	}
	if got, err := ParseStaged(string(data), whole.To); err != nil || got != whole {
		t.Errorf("%+v, %v", got, err)
	}
	for name, line := range map[string]string{
		"nothing":           "",
		"torn":              string(data[:len(data)/2]),
		"another release":   strings.ReplaceAll(string(data), "20240102T000000", "20240109T000000"),
		"a path":            strings.Replace(string(data), "20240101T000000\"", "../../etc\"", 1),
		"a path in a key":   strings.Replace(string(data), "20240101T000000.000000001", "../x", 1),
		"no key":            strings.Replace(string(data), "20240103T000000.123456789", "", 1),
		"an odd revision":   strings.Replace(string(data), "abab", "$(x)", 1),
		"an odd digest":     strings.Replace(string(data), sum, "$(x)", 1),
		"environment alone": strings.Replace(string(data), `"from":"20240101T000000",`, "", 1),
	} {
		if got, err := ParseStaged(line, whole.To); err == nil || got != (Staged{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	hostile := strings.Replace(string(data), "it is older", "a\\u001b[2J\\n::error::b", 1)
	if got, err := ParseStaged(hostile, whole.To); err != nil || strings.ContainsAny(got.Superseded, "\n\x1b") {
		t.Errorf("%q, %v", got.Superseded, err)
	}
}
