package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
)

//go:embed chart.svg.tmpl
var chartTemplate string

// The chart's measures, in pixels.
const (
	chartWidth = 860
	labelWidth = 110
	textWidth  = 130 // to the right of the longest bar
	panelHead  = 44
	barPitch   = 26
)

// panel is one group of bars.
type panel struct {
	Title string
	Y     int
	Bars  []drawn
}

// drawn is one bar: how far it goes, and its least and most.
type drawn struct {
	Tool            string
	Own             bool
	Y               int
	Seconds         float64 // the median
	To, Least, Most float64 // the median, the least and the most in pixels
}

// chart draws the times of redeploys and rollbacks.
func (r *results) chart() ([]byte, error) {
	var panels []panel
	y := 20
	for _, p := range []struct {
		title string
		condition
		verb
	}{
		{"Redeploy", near, redeploy}, {"Redeploy", far, redeploy}, {"Rollback", near, rollback}, {"Redeploy", eight, redeploy},
	} {
		if drawn, ok := r.panel(p.title+": "+p.condition.String(), p.condition, p.verb, y); ok {
			panels = append(panels, drawn)
			y += panelHead + barPitch*len(drawn.Bars) + 10
		}
	}
	t, err := template.New("chart").Parse(chartTemplate)
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	err = t.Execute(&picture, map[string]any{"Width": chartWidth, "Height": y, "Left": labelWidth, "Panels": panels})
	return picture.Bytes(), err
}

// panel draws the rows of one verb to a scale of its own.
func (r *results) panel(title string, c condition, v verb, y int) (panel, bool) {
	p := panel{Title: title, Y: y + 18}
	longest := 0.0
	for _, t := range tools {
		if row, ok := r.find(c, t.Name, v); ok {
			f := row.of(wall)
			longest = math.Max(longest, f.Max)
			p.Bars = append(p.Bars, drawn{Tool: t.Name, Own: t.Name == slipwayName, Y: y + panelHead - 12 + barPitch*len(p.Bars), Seconds: f.Median, To: f.Median, Least: f.Min, Most: f.Max})
		}
	}
	scale := (chartWidth - labelWidth - textWidth) / math.Max(longest, 1e-9)
	for i := range p.Bars {
		b := &p.Bars[i]
		b.To, b.Least, b.Most = b.To*scale, b.Least*scale, b.Most*scale
	}
	return p, len(p.Bars) > 0
}
