package progress

import (
	"fmt"
	"io"
)

// Terminal draws the log of a run that a person started in a shell.
type Terminal struct{ W io.Writer }

// Group prints a headline.
func (t Terminal) Group(title string) { fmt.Fprintf(t.W, "==> %s\n", title) }

// EndGroup prints nothing: the next headline is enough.
func (t Terminal) EndGroup() {}

// Error prints a message that stands out.
func (t Terminal) Error(message string) { fmt.Fprintf(t.W, "error: %s\n", message) }

// Warning prints a message that stands out less.
func (t Terminal) Warning(message string) { fmt.Fprintf(t.W, "warning: %s\n", message) }

// Notice prints a message.
func (t Terminal) Notice(message string) { fmt.Fprintf(t.W, "note: %s\n", message) }

// Annotate prints nothing: annotations are for people who do not read the log, and
// a person at a terminal has just read the compiler's own lines in it.
func (t Terminal) Annotate(Annotation) {}

// Line prints a line.
func (t Terminal) Line(text string) { fmt.Fprintf(t.W, "    %s\n", text) }
