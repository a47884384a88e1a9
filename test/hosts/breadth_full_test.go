//go:build full

package hosts

// breadth is how often the cases of a table are gone through.
const breadth = 4
