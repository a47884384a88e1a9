package script

import (
	"fmt"
	"strings"
)

// arg is one named argument of a script.
type arg struct{ name, value string }

type args []arg

// command returns the command line that sshd passes to the user's login shell. The
// mark begins the answer: see [opening].
// That shell may be fish or tcsh, where POSIX quoting does not work, so the
// line needs no quotes: values are encoded in [A-Za-z0-9_.-], and sh decodes
// them. The name of the step is for people who look at the processes of a host.
func (as args) command(step, mark string) (string, error) {
	words, err := as.words(step)
	return "sh -s -- " + mark + " " + words, err
}

// words returns the arguments as encoded words.
func (as args) words(step string) (string, error) {
	all := make([]string, 0, len(as)+1)
	for _, a := range append(args{{"step", step}}, as...) {
		value, err := encode(a.value)
		if err != nil {
			return "", fmt.Errorf("argument %s: %w", a.name, err)
		}
		all = append(all, a.name+"."+value)
	}
	return strings.Join(all, " "), nil
}

// encode replaces every byte except [A-Za-z0-9.-] by "_" and three octal
// digits. prelude.sh decodes the result with printf %b.
func encode(s string) (string, error) {
	if strings.ContainsAny(s, "\x00\n") {
		return "", fmt.Errorf("%.40q has a NUL or a line break, which no argument can carry", s)
	}
	return encodeAny(s), nil
}

// encodeAny encodes text for standard input. Unlike an argument, it may have
// line breaks. It must not have a NUL, which no shell variable can hold.
func encodeAny(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%03o", c)
		}
	}
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
