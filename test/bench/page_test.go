package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apxr/slipway/test/sample"
)

// taken returns a row whose runs took so many seconds.
func taken(c condition, tool string, v verb, seconds ...float64) row {
	r := row{Condition: c.String(), Tool: tool, Verb: v}
	for _, s := range seconds {
		wall := time.Duration(s * float64(time.Second))
		r.Runs = append(r.Runs, sampled{Wall: wall, Restart: time.Second, In: 60000, Out: 1440, Turns: 14, Client: wall / 2, Hosts: wall / 2})
	}
	return r
}

// measured are results in which Slipway keeps its promises, but for one.
func measured() *results {
	own := taken(near, slipwayName, redeploy, 1.6, 1.2, 9)
	own.Watched = []traced{{programs{Started: 41, Forks: 20, Shells: 2, Login: 3}, 20e6}}
	return &results{
		Machine: machine{2, "x86-64", 24, "Some Linux"}, Releases: releases{A: build{Files: 1200, Bytes: 17.4e6}},
		Rows: []row{
			taken(near, floorName, redeploy, 1, 1, 1), taken(near, rsyncName, redeploy, 2, 2.2, 5), own,
			taken(near, scpName, first, 3, 3, 3), taken(near, slipwayName, first, 3, 3, 3),
			taken(near, capistranoName, rollback, 4, 4, 4), taken(near, slipwayName, rollback, 1.6, 1.6, 1.6),
			taken(far, rsyncName, redeploy, 2.7), taken(eight, floorName, redeploy, 1, 1, 1), taken(eight, scpName, redeploy, 6, 6, 6),
			taken(eight, rsyncName, redeploy, 11, 11, 11), taken(eight, slipwayName, redeploy, 3, 3, 3),
		},
	}
}

func TestBars(t *testing.T) {
	var got strings.Builder
	for _, b := range measured().bars() {
		got.WriteString(b.What + " | " + b.Figure() + " | " + b.Limit() + " | " + b.Verdict() + " | " + b.How + "\n")
	}
	const want = `Redeploy, 1 host, 0 ms, uncapped: time above the floor, against rsync | 0.50 | 0.50 | met | (1.60 - 1.00) / (2.20 - 1.00) s; with the floor it is 0.73
Redeploy: bytes both ways | 61 KB | 64 KB | met | 61440 to 61440 bytes
Redeploy: started below the sessions' shells | 41 programs | 40 programs | **missed** | forks: 20; sessions' shells: 2; programs of sshd and PAM: 3
Rollback, 1 host, 0 ms, uncapped: time above the floor, against Capistrano | 0.20 | 0.25 | met | (1.60 - 1.00) / (4.00 - 1.00) s; with the floor it is 0.40
First deploy, 1 host, 0 ms, uncapped: time against scp | 1.00 | 1.00 | met | 3.00 / 3.00 s
Redeploy, 8 hosts: time without restarts, against scp | 0.40 | 0.60 | met | 2.00 / 5.00 s; with restarts, and the first host alone, it is 0.50
Redeploy, 8 hosts: processor time of client and hosts, against scp | 0.50 | 0.60 | met | 3.00 / 6.00 s
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestThePageHasEachRow(t *testing.T) {
	got, err := measured().page(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured on 2026-12-01 on an x86-64 machine with 2 processors and 24 GB of memory, Some Linux", "1200 files, 17.4 MB", "median of 1 runs",
		"| Redeploy, 1 host, 0 ms, uncapped: time above the floor, against rsync | 0.50 | 0.50 | met |",
		"from what 50 ms of latency cost: rsync 10.\n",
		"\n## 1 host, 0 ms, uncapped\n", "\n## 8 hosts, 0 ms, uncapped\n",
		"\n| Redeploy | **Slipway** | 1.60 (1.20 to 9.00) s | 0.60 (0.20 to 8.00) s | 61.4 KB | 14 | 0.80 (0.60 to 4.50) s | 0.80 (0.60 to 4.50) s |\n",
		"\n| Redeploy | **Slipway** | 41 | 20 | 2 | 3 | 20 MB |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTheChartIsXML(t *testing.T) {
	picture, err := measured().chart()
	if err != nil {
		t.Fatal(err)
	}
	bars := 0
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "g" {
			bars++
		}
	}
	if bars != 10 {
		t.Errorf("%d bars, want those of three redeploys and a rollback:\n%s", bars, picture)
	}
}

// What is around the measured part of the page is written by people.
func TestARunReplacesItsOwnPart(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sample.Root(), "docs/benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	once, err := replacePart(string(text), "one\n")
	if err != nil {
		t.Fatal(err)
	}
	twice, err := replacePart(once, "two\n")
	if err != nil || strings.Replace(once, partBegin+"one\n"+partEnd, partBegin+"two\n"+partEnd, 1) != twice {
		t.Errorf("%v\n%s", err, twice)
	}
	if !strings.HasPrefix(twice, "# Benchmarks\n") || strings.Contains(twice, "Measured on") {
		t.Errorf("it begins with\n%.200s", twice)
	}
	if _, err := replacePart("# A page\n", "one\n"); err == nil {
		t.Error("a page without the lines is accepted")
	}
}

// Results can be kept, and written again.
func TestResultsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if err := measured().save(path); err != nil {
		t.Fatal(err)
	}
	again, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := measured().page(time.Time{})
	if got, err := again.page(time.Time{}); err != nil || got != want {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, got, want)
	}
}

func TestEachKindOfBenchmark(t *testing.T) {
	for kind, want := range map[string]int{"": 3, quick: 3, "full": 12} {
		all, err := matrix(kind)
		if err != nil || len(all) != want {
			t.Errorf("%q: %d conditions, %v, want %d", kind, len(all), err, want)
		}
		for _, c := range all {
			if kind != quick && c.rounds < 5 {
				t.Errorf("%q, %s: %d rounds are too few for a median", kind, c, c.rounds)
			}
		}
	}
	if _, err := matrix("ful"); err == nil {
		t.Error("a misspelled kind is accepted")
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   figure
	}{
		{[]float64{5, 1, 3}, figure{3, 1, 5}},
		{[]float64{4, 1, 3, 2}, figure{2.5, 1, 4}},
		{nil, figure{}},
	} {
		if got := figureOf(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}
