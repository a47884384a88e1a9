//go:build full

package scale

// usual is how many hosts there are unless the environment says so.
const usual = 40
