//go:build !full

package chaos

// atRandom is how many of all cases are tried; 0: the few of "make test".
const atRandom = 0
