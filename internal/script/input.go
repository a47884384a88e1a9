package script

import (
	"io"
	"strings"
)

// Variable is one variable of a build's environment.
type Variable struct{ Name, Value string }

// Identity is a deploy key in an agent: its public half, and the one repository
// that it is for.
type Identity struct {
	Repository string // as HOST:PORT/PATH without .git
	PublicKey  string // a line of authorized_keys
}

// Access says how git reaches repositories.
type Access struct {
	Token        string // for HTTPS
	TokenHost    string // the only server that gets it, as HOST[:PORT]
	Identities   []Identity
	ForwardAgent bool   // git may offer all keys of the agent to every repository
	KnownHosts   string // lines of known_hosts that take precedence over the build host's own
}

// input is the text that input.sh reads: secrets, and values too long for an
// argument list or with characters that it cannot have.
type input []string

func (in input) line(kind string, values ...string) input {
	var encoded []string
	for _, v := range values {
		encoded = append(encoded, encodeAny(v))
	}
	return append(in, kind+" "+strings.Join(encoded, " "))
}

func (in input) reader() io.Reader {
	return strings.NewReader(strings.Join(append(in, "end"), "\n") + "\n")
}

func (a Access) input() input {
	in := input{}.line("known", a.KnownHosts)
	if a.Token != "" {
		in = append(in, "token "+a.TokenHost+" "+encodeAny(a.Token))
	}
	if a.ForwardAgent {
		in = append(in, "forward")
	}
	for _, id := range a.Identities {
		in = in.line("identity", id.Repository, id.PublicKey)
	}
	return in
}

func envInput(env []Variable) input {
	var in input
	for _, v := range env {
		in = append(in, "env "+v.Name+" "+encodeAny(v.Value))
	}
	return in
}

func beforeInput(commands string) input {
	if commands == "" {
		return nil
	}
	return input{}.line("before", commands)
}
