package script

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Opening says what to open on a host.
type Opening struct {
	Layout  release.Layout
	Unit    string
	Wrapper string // program that opens a console; empty: root runs Command
	Command string // the command that sudo runs, with its path and all arguments
}

// Entry says who may change a file or directory.
type Entry struct {
	UID  int
	Mode uint32 // permission bits
	Kind string // as stat names it
}

// Inside says what the host has of an Opening.
type Inside struct {
	Service
	Login      string   // Slipway's user on the host
	User       string   // the unit's user; empty: root
	Missing    []string // missing programs that Slipway needs
	Hidden     bool     // the application's directory cannot be entered
	Wrapper    *Entry   // nil: there is none
	WrapperDir *Entry
	Sudo       string // whether sudo runs the command: yes, no, password, unread (it shows no list)
	SudoSaid   string // sudo's own words, unless it runs the command
}

// LookInside reports what a host has of an Opening, and changes nothing.
func LookInside(ctx context.Context, m Machine, o Opening, log io.Writer) (Inside, error) {
	var in Inside
	err := call{
		script: "console", log: log,
		args:   args{{"base", o.Layout.Base}, {"units", o.Unit}, {"wrapper", o.Wrapper}, {"command", o.Command}},
		onFact: in.fact,
	}.run(ctx, m)
	return in, err
}

func (in *Inside) fact(key, value string) {
	switch key {
	case "login":
		in.Login = value
	case "unit_user":
		in.User = value
	case "no_tool":
		in.Missing = append(in.Missing, value)
	case "hidden":
		in.Hidden = true
	case "wrapper":
		in.Wrapper = entry(value)
	case "wrapper_dir":
		in.WrapperDir = entry(value)
	case "sudo":
		in.Sudo = value
	case "sudo_said":
		in.SudoSaid = value
	default:
		in.Service.fact(key, value)
	}
}

// entry reads "UID MODE KIND". An entry that it cannot read belongs to nobody.
func entry(value string) *Entry {
	part := strings.SplitN(value, " ", 3)
	if len(part) < 3 {
		return &Entry{UID: -1}
	}
	uid, err := strconv.Atoi(part[0])
	mode, modeErr := strconv.ParseUint(part[1], 8, 32)
	if err != nil || modeErr != nil {
		uid = -1
	}
	return &Entry{UID: uid, Mode: uint32(mode), Kind: part[2]}
}

// Streams are the streams of a command. Its output is never read as facts.
type Streams struct {
	Input          string
	Stdout, Stderr io.Writer
}

// Attend runs a command line of plain words that ends in a sudo command. The
// command ends when ctx or the connection ends. An exit status other than 0 is
// an error with an ExitStatus method.
func Attend(ctx context.Context, m Machine, command string, s Streams) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return call{
		script: "attend", log: s.Stderr, output: s.Stdout,
		args: args{{"command", command}}, input: io.MultiReader(text(s.Input), pulse{ctx}),
	}.run(ctx, m)
}
