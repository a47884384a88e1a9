package words

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	nine := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}
	for got, want := range map[string]string{
		Count(0, "host"): "0 hosts", Count(1, "host"): "1 host", Count(2, "host"): "2 hosts",
		Plural(1, "entry", "entries"): "entry", Plural(3, "entry", "entries"): "entries",
		Names(nine[:8]): "a, b, c, d, e, f, g, h", Names(nine): "a, b, c, d, e, f, g, h and 1 more", Names(nil): "",
		List([]string{"x", "y"}): "x, y", List[string](nil): "none",
		OrNothing(""): "nothing", OrNothing("x"): "x",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
