package release

import "testing"

const (
	e1 = "20240101T000000.000000001"
	e2 = "20240102T000000.000000002"
	e3 = "20240103T000000.000000003"
)

func TestActivationsReadAsWhatTheyAre(t *testing.T) {
	for _, c := range []struct {
		a    Activation
		zero bool
		want string
	}{
		{Activation{}, true, "nothing"},
		{Activation{Env: e1}, true, "nothing"}, // an environment without a release cannot run
		{Activation{ID: "20171114T072116"}, false, "20171114T072116"},
		{Activation{"20171114T072116", "20171114T080000.123456789"}, false, "20171114T072116 (environment 20171114T080000.123456789)"},
	} {
		if got := c.a.String(); got != c.want || c.a.IsZero() != c.zero {
			t.Errorf("%#v is %q, zero: %v; want %q, %v", c.a, got, c.a.IsZero(), c.want, c.zero)
		}
	}
}

func TestKeysOfEnvironmentsAreSafeAsDirectories(t *testing.T) {
	for key, good := range map[string]bool{
		"20171114T080000.123456789":    true,
		"20171114T080000.000000000":    true,
		"":                             false,
		"20171114T080000":              false,
		"20171114T080000.12345678":     false,
		"20171114T080000.1234567890":   false,
		"20171114T080000,123456789":    false,
		"20171114T080000.123456789\n":  false,
		"\n20171114T080000.123456789":  false,
		" 20171114T080000.123456789":   false,
		"../20171114T080000.123456789": false,
		"20171114T080000.123456789/..": false,
		"20171114t080000.123456789":    false,
		"२०१७१११४T080000.123456789":    false, // digits, but not ASCII ones
		"..": false,
		"k1": false,
	} {
		if ValidKey(key) != good {
			t.Errorf("ValidKey(%q) = %v", key, !good)
		}
	}
}

func TestThePathsOfAnActivation(t *testing.T) {
	l := Layout{"/opt/apxr/apxr_io"}
	for got, want := range map[string]string{
		l.Activation(e1):            "/opt/apxr/apxr_io/activations/" + e1,
		l.Link(Activation{r1, ""}):  "releases/20240101T000000",
		l.Link(Activation{r1, e1}):  "activations/" + e1 + "/release",
		l.Link(Activation{ID: "x"}): "releases/x",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
