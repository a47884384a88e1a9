package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// wrong is a case that changes the good settings. It has the expected mistakes
// in their order.
type wrong struct {
	given map[string]string
	says  []string
}

// refuses compares the mistakes with the expected ones: no more, no fewer. No
// mistake may show the text s3cr3t.
func refuses(t *testing.T, v Verb, cases []wrong) {
	t.Helper()
	for _, c := range cases {
		m := mistakes(t, v, good(c.given))
		fit := slices.EqualFunc(m, c.says, says)
		if !fit || strings.Contains(strings.Join(m, "\n"), "s3cr3t") {
			t.Errorf("%s: %.200q gives\n  %q, want\n  %q", v, c.given, m, c.says)
		}
	}
}

// one returns a case of one setting with one mistake.
func one(name, value, says string) wrong {
	return wrong{map[string]string{name: value}, []string{name + ": …" + says}}
}

// says reports whether a mistake has the wanted pieces, which … separates, and
// starts with the first.
func says(mistake, want string) bool {
	first, more, _ := strings.Cut(want, "…")
	rest, found := strings.CutPrefix(mistake, first)
	for piece := range strings.SplitSeq(more, "…") {
		var fits bool
		_, rest, fits = strings.Cut(rest, piece)
		found = found && fits
	}
	return found
}

// with returns the case with more settings.
func (w wrong) with(more map[string]string) wrong {
	w.given = maps.Clone(w.given)
	maps.Copy(w.given, more)
	return w
}

func TestMistakesSayWhatIsWrongAndWhatToDo(t *testing.T) {
	const twoNames = "is not an absolute path of at least two plain names"
	refuses(t, Deploy, []wrong{
		one("keep-releases", "1", `"1" is not a whole number of at least 2: a rollback needs the release before`),
		one("keep-releases", "0", `"0" is not a whole number of at least 2`),
		one("keep-releases", "many", `"many" is not a whole number`),
		one("deploy-to", "/", `"/" `+twoNames),
		one("deploy-to", "opt/apxr", `"opt/apxr" `+twoNames),
		one("deploy-to", "/opt/../etc", `"/opt/../etc" `+twoNames),
		one("hosts", "", "missing. The web servers"),
		one("hosts", ",", `no host is named in ","`),
		one("hosts", "h deploy@h:22", "h is listed twice"),
		one("hosts", "h, root@H", "root@H is listed twice"),
		one("hosts", "local local", "local is listed twice"),
		one("build-host", "a b", `"a b" is not [user@]name[:port]`),
		one("force", "yes", `"yes" is neither true nor false`),
		one("dry-run", "1", `"1" is neither true nor false`),
	})
	refuses(t, History, []wrong{
		one("format", "JSON", `"JSON" is not text or json`),
		one("hosts", "", "missing. "),
	})
}

func TestSwitchesAndFormat(t *testing.T) {
	c, err := Load(Deploy, good(map[string]string{"force": "true", "dry-run": "true"}))
	if err != nil || !c.Force || !c.DryRun || c.JSON {
		t.Errorf("%+v, %v", c, err)
	}
	for _, v := range doing(lists | locks | prepares) {
		if c, err := Load(v, good(map[string]string{"format": "json"})); err != nil || !c.JSON {
			t.Errorf("%s: %v, %v", v, c.JSON, err)
		}
	}
	for verb, uses := range map[Verb]bool{Deploy: true, BuildAndDeploy: true, Rollback: false} {
		if c, _ := Load(verb, good(map[string]string{"force": "true"})); c.Force != uses {
			t.Errorf("%s: force is %v", verb, c.Force)
		}
	}
}
