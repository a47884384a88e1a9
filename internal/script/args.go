package script

import (
	"fmt"
	"strings"
)

// arg is one named argument of a script.
type arg struct{ name, value string }

type args []arg

// command is the command line that sshd gives to the user's login shell. That
// may be fish or tcsh, where POSIX quoting does not hold, so there is nothing
// to quote in it: values are encoded in [A-Za-z0-9_.-] and sh decodes them. The
// step's name is for people who look at the processes of a host.
func (as args) command(step string) (string, error) {
	var b strings.Builder
	b.WriteString("sh -s --")
	for _, a := range append(args{{"step", step}}, as...) {
		value, err := encode(a.value)
		if err != nil {
			return "", fmt.Errorf("argument %s: %w", a.name, err)
		}
		b.WriteString(" " + a.name + "." + value)
	}
	return b.String(), nil
}

// encode writes every byte but [A-Za-z0-9.-] as "_" and three octal digits;
// prelude.sh decodes it with printf %b.
func encode(s string) (string, error) {
	if strings.ContainsAny(s, "\x00\n") {
		return "", fmt.Errorf("%.40q has a NUL or a line break, which no argument can carry", s)
	}
	return encodeAny(s), nil
}

// encodeAny is encode for what does not travel in an argument list, and so may
// have line breaks. No variable of a shell can hold a NUL.
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
