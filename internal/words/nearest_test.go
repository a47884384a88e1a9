package words

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"web1", "web2", "database-primary"}
	for name, want := range map[string]string{
		"wbe1": "web1", "wb": "", "webb1": "web1", "web22": "web2", "databse-primary": "database-primary", "queue": "", "x": "", "": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
