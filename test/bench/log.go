package main

import (
	"fmt"
	"os"
	"time"
)

// logger prints the progress, each line with the time since the start.
type logger func(format string, args ...any)

var began = time.Now()

func progress(format string, args ...any) {
	at := time.Since(began).Round(time.Second)
	fmt.Fprintf(os.Stderr, "%7s %s\n", at, fmt.Sprintf(format, args...))
}

// Write lets programs print there.
func (l logger) Write(text []byte) (int, error) { return os.Stderr.Write(text) }
