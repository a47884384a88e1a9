// Command revert is the program of the action in this folder.
package main

import (
	"os"

	"github.com/apxr/slipway/internal/app"
	"github.com/apxr/slipway/internal/config"
)

func main() {
	app.HideProcess()
	os.Exit(app.Action(config.Revert, app.System{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}))
}
