// Package gitserver serves git repositories and Git LFS objects over HTTPS to a lab's hosts, as a private repository
// on GitHub is served: nothing without the token, and only for reading.
package gitserver
