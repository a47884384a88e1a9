package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/apxr/slipway/test/sample"
)

// names are the verbs as the page has them.
var names = map[verb]string{first: "First deploy", redeploy: "Redeploy", rollback: "Rollback", unchanged: "Deploy of what runs"}

//go:embed page.md.tmpl
var pageTemplate string

// What is between these lines of docs/benchmarks.md is written by each run.
const (
	partBegin = "<!-- written by make bench -->\n"
	partEnd   = "<!-- end of what make bench writes -->\n"
)

// writePage writes the measured part of the page, and the chart.
func writePage(r *results, when time.Time) error {
	docs := filepath.Join(sample.Root(), "docs")
	part, err := r.page(when)
	if err != nil {
		return err
	}
	path := filepath.Join(docs, "benchmarks.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := replacePart(string(text), part)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	picture, err := r.chart()
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, []byte(page), 0o644), os.WriteFile(filepath.Join(docs, "benchmarks.svg"), picture, 0o644))
}

// replacePart returns the page with a new measured part.
func replacePart(page, part string) (string, error) {
	before, rest, begins := strings.Cut(page, partBegin)
	_, after, ends := strings.Cut(rest, partEnd)
	if !begins || !ends {
		return "", errors.New("the lines around the measured part are missing")
	}
	return before + partBegin + part + partEnd + after, nil
}

func (r *results) page(when time.Time) (string, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = t.Execute(&text, map[string]any{
		"Date": when.UTC().Format("2006-01-02"), "Machine": r.Machine.String(), "Release": r.Releases.A.String(),
		"Runs": r.fewest(), "Bars": r.bars(), "Tables": r.tables(), "Watched": r.watched(), "Trips": r.trips(),
	})
	return text.String(), err
}

// String describes a release's size.
func (b build) String() string {
	return fmt.Sprintf("%d files, %.1f MB", b.Files, float64(b.Bytes)/1e6)
}

// fewest returns how many runs each row has at least.
func (r *results) fewest() int {
	n := len(r.Rows[0].Runs)
	for _, row := range r.Rows {
		n = min(n, len(row.Runs))
	}
	return n
}

// table has all rows of one condition.
type table struct {
	Condition string
	Lines     []string
}

// tables are in the order of the verbs, and of the tools.
func (r *results) tables() (all []table) {
	var conditions []string
	lines := map[string][]string{}
	for _, v := range verbs {
		for _, t := range tools {
			for _, row := range r.Rows {
				if row.Verb != v || row.Tool != t.Name {
					continue
				}
				if lines[row.Condition] == nil {
					conditions = append(conditions, row.Condition)
				}
				lines[row.Condition] = append(lines[row.Condition], row.line())
			}
		}
	}
	for _, c := range conditions {
		all = append(all, table{c, lines[c]})
	}
	return all
}

func (r row) line() string {
	return fmt.Sprintf("| %s | %s | %s s | %s s | %s | %.0f | %s s | %s s |", names[r.Verb], r.tool(),
		spread(r.of(wall)), spread(r.of(withoutRestart)), size(r.of(traffic).Median), r.of(roundTrips).Median,
		spread(r.of(client)), spread(r.of(hostTime)))
}

// tool returns the tool's name, Slipway's bold.
func (r row) tool() string {
	if r.Tool == slipwayName {
		return "**" + r.Tool + "**"
	}
	return r.Tool
}

func spread(f figure) string { return fmt.Sprintf("%.2f (%.2f to %.2f)", f.Median, f.Min, f.Max) }

// count leaves out the least and the most where they say nothing.
func count(f figure) string {
	if f.Min == f.Max {
		return fmt.Sprintf("%.0f", f.Median)
	}
	return fmt.Sprintf("%.0f (%.0f to %.0f)", f.Median, f.Min, f.Max)
}

func size(bytes float64) string {
	if bytes < 1e6 {
		return fmt.Sprintf("%.1f KB", bytes/1e3)
	}
	return fmt.Sprintf("%.2f MB", bytes/1e6)
}

// watched has a line for each run that was watched.
func (r *results) watched() (lines []string) {
	for _, v := range verbs {
		for _, t := range tools {
			for _, row := range r.Rows {
				if len(row.Watched) > 0 && row.Verb == v && row.Tool == t.Name {
					lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s MB |", names[v], row.tool(), count(row.seen(started)), count(row.seen(forks)), count(row.seen(shells)), count(row.seen(login)), count(row.seen(memory))))
				}
			}
		}
	}
	return lines
}

// trips says how many round trips each tool waits for in a redeploy. It leaves
// out those that send so much that the rate of the link counts.
func (r *results) trips() string {
	var each []string
	for _, t := range tools {
		row, _ := r.find(far, t.Name, redeploy)
		if n, ok := r.waited(t.Name, redeploy); ok && row.of(traffic).Median < 1e6 {
			each = append(each, fmt.Sprintf("%s %.0f", t.Name, n))
		}
	}
	return strings.Join(each, ", ")
}
