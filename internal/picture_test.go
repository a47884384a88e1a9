package internal_test

import (
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"
)

// group holds what docs/architecture.svg shows of one package; other groups there
// have no class room.
type group struct {
	Class string `xml:"class,attr"`
	ID    string `xml:"id,attr"`
	Knows string `xml:"data-knows,attr"`
	Texts []struct {
		Class string `xml:"class,attr"`
		Text  string `xml:",chardata"`
	} `xml:"text"`
}

// arrow leads from a package to one that it imports.
type arrow struct {
	From string `xml:"data-from,attr"`
	To   string `xml:"data-to,attr"`
}

// picture reads the rooms and arrows of docs/architecture.svg.
func picture(t *testing.T) (rooms []group, arrows []arrow) {
	t.Helper()
	text, err := os.ReadFile("../docs/architecture.svg")
	if err != nil {
		t.Fatal(err)
	}
	var svg struct {
		Groups []group `xml:"g"`
		Paths  []arrow `xml:"path"`
	}
	if err := xml.Unmarshal(text, &svg); err != nil {
		t.Fatal(err)
	}
	rooms = slices.DeleteFunc(svg.Groups, func(g group) bool { return !strings.HasPrefix(g.Class, "room ") })
	arrows = slices.DeleteFunc(svg.Paths, func(a arrow) bool { return a.From == "" })
	return rooms, arrows
}

func TestThePictureShowsWhatMayBeImported(t *testing.T) {
	rooms, arrows := picture(t)
	shown := map[string]bool{}
	for _, room := range rooms {
		shown["internal/"+room.ID] = true
		if got, want := room.Knows, known("internal/"+room.ID); got != want {
			t.Errorf("%s has data-knows=%q, the table says %q", room.ID, got, want)
		}
		if room.ID != "app" && said(room) != room.Knows {
			t.Errorf("%s says that it knows %q, its data-knows is %q", room.ID, said(room), room.Knows)
		}
	}
	for name := range may {
		// A package below another one, such as internal/host/hosttest, is for tests.
		if strings.HasPrefix(name, "internal/") && strings.Count(name, "/") == 1 && !shown[name] {
			t.Errorf("the picture has no room for %s", name)
		}
	}
	for _, a := range arrows {
		if !slices.Contains(may["internal/"+a.From], "internal/"+a.To) {
			t.Errorf("an arrow leads from %s to %s, which it must not know", a.From, a.To)
		}
	}
}

// known returns the table's row of a package as the picture has it.
func known(name string) string {
	row, ok := may[name]
	if !ok {
		return "nothing: there is no such package"
	}
	row = slices.Sorted(slices.Values(row))
	return strings.ReplaceAll(strings.Join(row, " "), "internal/", "")
}

// said returns what people read in a room about the packages that it knows.
func said(room group) string {
	var lines []string
	for _, text := range room.Texts {
		if text.Class == "knows" {
			lines = append(lines, text.Text)
		}
	}
	list := strings.TrimPrefix(strings.Join(lines, " "), "knows ")
	if list == "none" {
		return ""
	}
	return strings.ReplaceAll(list, ",", "")
}
