//go:build full

package chaos

// atRandom is how many of all cases are tried.
const atRandom = 40
