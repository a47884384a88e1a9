// Command fuzz runs each fuzz function of some packages for a while; go test
// fuzzes with one function at a time.
//
//	go run ./test/fuzz [-time 10s] PACKAGE...
//
// An input that fails is kept by go test, which says where.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	span := flag.String("time", "10s", "how long to run each function, or how often: 100x")
	flag.Parse()
	if err := run(ctx, ".", *span, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

// run goes on after a function that fails: the others may find more.
func run(ctx context.Context, dir, span string, packages []string, log io.Writer) error {
	functions, err := list(ctx, dir, packages)
	if err != nil {
		return err
	}
	if len(functions) == 0 {
		return errors.New("these packages have no fuzz functions")
	}
	var errs []error
	for _, f := range functions {
		fmt.Fprintf(log, "%s of %s\n", f.name, f.pkg)
		if err := f.run(ctx, dir, span, log); err != nil {
			errs = append(errs, fmt.Errorf("%s of %s: %w", f.name, f.pkg, err))
		}
	}
	return errors.Join(errs...)
}

// function is a fuzz function and the import path of its package.
type function struct{ name, pkg string }

func list(ctx context.Context, dir string, packages []string) ([]function, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-list", "^Fuzz"}, packages...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the fuzz functions: %w\n%s", err, out)
	}
	var functions []function
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var event struct{ Package, Output string }
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			return functions, nil
		} else if err != nil {
			return nil, err
		}
		if strings.HasPrefix(event.Output, "Fuzz") {
			functions = append(functions, function{strings.TrimSpace(event.Output), event.Package})
		}
	}
}

// run spends the time on new inputs: by default go test looks up to a minute for
// a shorter form of each interesting one.
func (f function) run(ctx context.Context, dir, span string, log io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+f.name+"$", "-fuzztime", span, "-fuzzminimizetime", "1s", f.pkg)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	return cmd.Run()
}
