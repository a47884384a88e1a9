package config

import "strings"

// Inside says what a person wants to see of an application on a host.
type Inside struct {
	Expression string
	Unit       string // the unit whose log is shown
	Follow     bool
}

// maxExpression is below the limit for one argument of a program. The
// expression is such an argument on the host.
const maxExpression = 100_000

func (l *loader) inside(units []string) Inside {
	in := Inside{Expression: l.value("expression"), Unit: l.value("unit"), Follow: l.isOn("follow")}
	switch {
	case len(in.Expression) > maxExpression:
		l.wrong("expression", "it has %d bytes, and %d are the most: put it into a module of the release", len(in.Expression), maxExpression)
	case strings.Contains(in.Expression, "\x00"):
		l.wrong("expression", "it has a NUL in it, which no shell reads")
	case in.Unit != "" && !unitRE.MatchString(in.Unit):
		l.wrong("unit", "%.100q is not the name of a systemd service, such as apxr_io.service", in.Unit)
	}
	if in.Unit == "" && l.uses("unit") && len(units) > 0 {
		in.Unit = units[0]
	}
	return in
}
