package app

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apxr/slipway/internal/config"
	"github.com/apxr/slipway/internal/gha"
	"github.com/apxr/slipway/internal/ghapi"
	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
	"github.com/apxr/slipway/internal/report"
	"github.com/apxr/slipway/internal/rollout"
	"github.com/apxr/slipway/internal/setup"
)

// leaks makes texts with secrets in them, as programs on a host print them.
type leaks struct {
	*rand.Rand
	secrets []string
}

func newLeaks(r *rand.Rand) *leaks {
	alphabets := []string{"abcXYZ0123456789", "abcXYZ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "abc#{}\"\\/äöß€😀漢字"}
	l := &leaks{Rand: r}
	for range 3 {
		letters := []rune(alphabets[r.IntN(len(alphabets))])
		var b strings.Builder
		b.WriteString("s")
		for range 16 + r.IntN(60) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		l.secrets = append(l.secrets, b.String()+"x")
	}
	return l
}

// forms are the ways in which a secret is printed. They have their own code.
func (l *leaks) forms(v string) []string {
	quoted, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	all := []string{
		v, string(quoted[1 : len(quoted)-1]), strconv.Quote(v)[1 : len(strconv.Quote(v))-1],
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, "#{", `\#{`).Replace(v),
		url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v),
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := encoding.EncodeToString([]byte("pad"[:before] + v))
			all = append(all, text[(before*8+5)/6:(before+len(v))*8/6])
		}
	}
	return all
}

// text is a text with a secret near where somebody cuts it.
func (l *leaks) text() string {
	forms := l.forms(l.secrets[l.IntN(len(l.secrets))])
	return strings.Repeat("word ", l.IntN(70)) + "pass=" + forms[l.IntN(len(forms))] + " after"
}

// cut is such a text that ends with more than half of the secret.
func (l *leaks) cut() string {
	forms := l.forms(l.secrets[l.IntN(len(l.secrets))])
	form := []rune(forms[l.IntN(len(forms))])
	return "pass=" + string(form[:2*len(form)/3]) + []string{"", "...", " [...]"}[l.IntN(3)]
}

// look reports the halves of all forms of the secrets that are in a text.
func (l *leaks) look(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range l.secrets {
		for _, form := range l.forms(secret) {
			half := len(form) / 2
			for _, part := range []string{form[:half], form[len(form)-half:]} {
				if at := strings.Index(text, part); at >= 0 {
					t.Fatalf("%s: %q of %q is in\n%s", what, part, form, text[max(0, at-200):min(len(text), at+200)])
				}
			}
		}
	}
}

// settings returns the settings of a run with these secrets.
func (l *leaks) settings() settings {
	cfg := config.Config{
		App: release.App{Org: "apxr", Name: "apxr_io"}, Hosts: []config.Host{{User: "deploy", Host: "web1", Port: "22"}},
		GitHub:  config.GitHub{Token: "t", Environment: "production", Comment: true, Deployments: true},
		Service: config.Service{Env: &config.Env{}},
	}
	for i, secret := range l.secrets {
		cfg.Service.Env.Variables = append(cfg.Service.Env.Variables, config.Variable{Name: fmt.Sprint("S", i), Value: secret})
	}
	return settings{Config: cfg}
}

// results returns every kind of result, with secrets in all texts.
func (l *leaks) results() []report.Result {
	deploy := went(release.Deploy, []rollout.Became{rollout.BecameLive, rollout.BecamePartial, rollout.BecameFailed, rollout.BecamePlan}[l.IntN(4)])
	deploy.Notice, deploy.Plan, deploy.Version, deploy.Ref = l.text(), []string{l.text()}, l.text(), l.text()
	deploy.Running.Version.Version, deploy.Running.Who, deploy.Running.Run = l.text(), l.text(), l.text()
	deploy.Hosts = []host.Result{{Host: "web1", Outcome: host.Failed, Problem: l.text(), Proof: l.text(), UnitLog: []string{l.cut(), l.text()}, Took: time.Second}}
	change := release.Change{To: "20240102T000000", Version: l.text(), Who: l.text(), Run: l.text(), Outcome: release.Reverted, Reason: l.text()}
	listing := []rollout.Listing{{Host: "web1", Problem: l.text(), Releases: []rollout.Listed{{ID: change.To, Change: change}}, History: release.History{change}}}
	made := release.Manifest{ReleaseID: change.To, App: l.text(), Version: l.text(), Elixir: l.text()}
	task := setup.Task{Name: l.text(), Role: l.text(), Status: setup.TaskFailed, Message: l.text(), Diff: []setup.Diff{{Header: l.text(), Before: l.text(), After: l.text()}}}
	done := task
	done.Status = setup.TaskChanged
	ended := report.Ended{Err: errors.New(strings.Repeat("x", 8<<10-l.IntN(450)) + l.text())} // summaries cut texts at 8 KiB
	return []report.Result{
		report.Rollout{Result: deploy, Ended: ended},
		report.Rollout{Result: deploy},
		report.Both{Build: report.Build{Made: &made}, Then: report.Rollout{Result: deploy, Ended: ended}},
		report.Build{Verb: "build-release", Kept: l.text(), Ended: ended},
		report.Failure{Verb: "deploy", Ended: ended},
		report.Releases{Hosts: listing, Ended: ended},
		report.History{Hosts: listing},
		report.Artifacts{Stored: []release.Stored{{ID: change.To, Manifest: made, Problem: l.text()}}},
		report.Setup{Result: setup.Result{Hosts: []setup.Host{{Name: "web1", Outcome: setup.Failed, Tasks: []setup.Task{task, done}}}}, Ended: ended},
	}
}

// say logs secrets in every way that a log has.
func (l *leaks) say(log *progress.Log) {
	defer log.Phase("%s", l.text())()
	log.Say("web1", "%s", l.text())
	log.Error(l.text())
	log.Warning(l.text())
	log.Notice(l.text())
	log.Annotate(progress.Annotation{Severity: progress.SeverityError, File: "lib/a.ex", Line: 1, Title: l.text(), Message: l.cut()})
	tracer{"web1", log}.Traced("inspect", l.text())
	tracer{"web1", log}.Traced("inspect", l.cut())
	greeter{"web1", log, new(sync.Once)}.Greeted(l.text())
	greeter{"web1", log, new(sync.Once)}.Greeted(l.cut())
	out := log.Output("web1")
	defer out.Close()
	for text := l.text() + "\n" + strings.Repeat("x", l.IntN(70000)) + l.text() + "\n"; text != ""; {
		n := min(1+l.IntN(200), len(text))
		fmt.Fprint(out, text[:n])
		text = text[n:]
	}
}

const leakRounds = 20

func TestNoSecretLeavesAStepOfAWorkflow(t *testing.T) {
	for round := range uint64(leakRounds) {
		l := newLeaks(rand.New(rand.NewPCG(1, round)))
		for _, result := range l.results() {
			w := newWorld()
			output, summary := w.step(t)
			set := l.settings()
			out := newExit(w.System, set.hiding(func(string) string { return "" }))
			runner := out.runner()
			log := progress.Hiding(runner, out.secrets)
			l.say(log)
			(hand{runner, log, report.Place{App: "apxr/apxr_io", Environment: "production"}}).over(hidden(result, log.RedactCut))
			runner.Close()
			out.flush()
			for what, file := range map[string]string{"outputs": output, "summary": summary} {
				text, err := os.ReadFile(file)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				l.look(t, fmt.Sprintf("%s of %T", what, result), string(text))
			}
			l.look(t, fmt.Sprintf("log of %T", result), w.out.String()+w.errOut.String())
			if !strings.Contains(w.out.String(), "***") {
				t.Fatal("nothing was hidden")
			}
		}
	}
}

func TestNoSecretLeavesTheCommandLine(t *testing.T) {
	for round := range uint64(leakRounds) {
		l := newLeaks(rand.New(rand.NewPCG(2, round)))
		for _, result := range l.results() {
			for _, asJSON := range []bool{false, true} {
				w := newWorld()
				out := newExit(w.System, l.settings().hiding(func(string) string { return "" }))
				log := progress.Hiding(progress.Terminal{W: out.Stderr}, out.secrets)
				l.say(log)
				tell(out, log, hidden(result, log.RedactCut), asJSON)
				out.flush()
				if text := w.out.String(); asJSON && text != "" && !json.Valid([]byte(text)) {
					t.Fatalf("%T: not JSON: %s", result, text)
				}
				l.look(t, fmt.Sprintf("%T", result), w.out.String()+w.errOut.String())
			}
		}
	}
}

func TestNoSecretIsSentToGitHub(t *testing.T) {
	hidden := 0
	for round := range uint64(leakRounds) {
		l := newLeaks(rand.New(rand.NewPCG(3, round)))
		h := newHub(t)
		w := newWorld()
		w.step(t)
		set := l.settings().hiding(func(string) string { return "" })
		runner := gha.New(w.Getenv, w.Stdout)
		own, err := runner.Run()
		if err != nil {
			t.Fatal(err)
		}
		a := &announcer{cfg: l.settings().Config, step: own, log: progress.Hiding(runner, set), hide: set.HideJSON}
		a.api, err = ghapi.New(ghapi.Config{URL: h.URL, Repository: own.Name, Token: "t", Hide: a.hide, Wait: time.Millisecond, Settle: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		a.begin(t.Context(), release.Manifest{ReleaseID: "20240102T000000", Version: l.text(), Revision: sha('b')})
		r := went(release.Deploy, rollout.BecameLive)
		r.Version, r.Running.Version.Version, r.Running.Who, r.Running.Run = l.text(), l.text(), l.text(), l.text()
		job{settings: l.settings(), origin: origin{told: a}, log: a.log}.rolled(r, nil)
		a.end(t.Context())
		sent := strings.Join(h.bodies, "\n")
		l.look(t, "GitHub", sent)
		hidden += strings.Count(sent, "***")
		if len(h.comments) == 0 {
			t.Fatalf("no comment was sent: %s", sent)
		}
	}
	if hidden < leakRounds {
		t.Errorf("%d secrets were hidden", hidden)
	}
}
