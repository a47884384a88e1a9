// Command bench measures Slipway and its peers on the same work, on real hosts,
// and writes docs/benchmarks.md and docs/benchmarks.svg: make bench.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	again := flag.String("again", "", "measure nothing: write the page from this file of an earlier run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv("SLIPWAY_BENCH"), *again, progress); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kind, again string, log logger) error {
	r, err := load(again)
	if again == "" {
		r, err = measureKind(ctx, kind, log)
	}
	if err != nil {
		return err
	}
	for _, b := range r.bars() {
		log("%s: %s, at most %s: %s; %s", b.What, b.Figure(), b.Limit(), b.Verdict(), b.How)
	}
	if kind == quick {
		return nil
	}
	return writePage(&r, r.When)
}

// measureKind measures and keeps the results, for another page from them.
func measureKind(ctx context.Context, kind string, log logger) (results, error) {
	conditions, err := matrix(kind)
	if err != nil {
		return results{}, err
	}
	r, err := measureAll(ctx, conditions, log)
	if err == nil {
		log("all results are in %s", kept())
	}
	return r, err
}

// kept is the file with all results, also of a benchmark that was ended early:
// those of the conditions that it was through with.
func kept() string { return filepath.Join(os.TempDir(), "slipway-bench.json") }

func (r *results) save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func load(path string) (r results, err error) {
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}
