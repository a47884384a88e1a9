// Command slipway prepares servers, builds Elixir releases and puts them there,
// and back again: the same verbs as the GitHub Actions, for a person.
package main

import (
	"os"

	"github.com/apxr/slipway/ansible"
	"github.com/apxr/slipway/internal/app"
)

func main() {
	app.HideProcess()
	os.Exit(app.CLI(app.System{
		Args: os.Args[1:], Getenv: os.Getenv, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Collection: ansible.Collection,
	}))
}
