package script

// Fenced is the error of a script that changed nothing, because its run no
// longer has the host's lock: it was silent for too long.
type Fenced struct {
	// Holder is the run that has taken the lock since then. It is empty if no
	// run has it.
	Holder string
}

func (e *Fenced) Error() string {
	if e.Holder == "" {
		return "this run has lost the lock"
	}
	return "this run has lost the lock to another run: " + e.Holder
}
