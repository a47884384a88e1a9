// Command lab boots real Linux hosts on this machine to try Slipway on: see `lab help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/apxr/slipway/test/lab/labcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(labcli.Main(ctx, os.Args[1:], labcli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
