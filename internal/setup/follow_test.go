package setup

import (
	"slices"
	"testing"
)

func TestRolesAndFailuresAreSaidAtOnce(t *testing.T) {
	var said []string
	say := func(who, text string) { said = append(said, who+": "+text) }
	var teller teller
	for _, part := range []string{
		`{"event": "role", "role": "users"}` + "\n" + `{"event": "task", "host": "web1", "task": "Make the user", "ro`,
		`le": "users", "status": "changed"}` + "\n" + `{"event": "role", "role": "packages"}` + "\n",
		`{"event": "task", "host": "web1", "task": "Ask", "role": "users", "status": "failed", "ignored": true}` + "\n",
		"no JSON\n" + `{"event": "task", "host": "web2", "task": "Install", "role": "packages", "status": "failed", "message": "no room\nmore"}` + "\n" + `{"event": "role"`,
	} {
		teller.read([]byte(part), say)
	}
	if want := []string{": role users", ": role packages", "web2: failed: packages: Install: no room"}; !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
}
