package script

import (
	"io"
	"strings"
)

// Variable is one variable of a build's environment.
type Variable struct{ Name, Value string }

// Identity is a deploy key that an agent holds: its public half, and the one
// repository that it is for.
type Identity struct {
	Repository string // as HOST:PORT/PATH without .git
	PublicKey  string // a line of authorized_keys
}

// Access is how git reaches repositories.
type Access struct {
	Token        string // for HTTPS
	TokenHost    string // the one server that gets it, as HOST[:PORT]
	Identities   []Identity
	ForwardAgent bool   // all keys of the agent may be offered to every repository
	KnownHosts   string // lines of known_hosts that go before the build host's own
}

// input is what input.sh reads: secrets, and what is too long or too free for
// an argument list.
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
