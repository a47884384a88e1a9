// Package lint has the linters that need more than a command line: for shell
// files, and for workflows, of which the documentation shows most. "make lint"
// runs it.
package lint
