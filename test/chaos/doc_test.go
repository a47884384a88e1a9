// Package chaos is the fault matrix: real deploys and rollbacks of real hosts,
// in which at one point something goes wrong.
//
// A case is (what is run) x (a point in it) x (a fault). The points are found by
// recording a run without faults: before and after every remote step, before and
// after commands inside of it, and after N bytes on the wire. The faults: the
// connection is cut, reset or stalls; kill -9 of the client, or of the script; a
// full disk, no sudo, a unit that fails, a clock that is set back.
//
// After each case the promises are checked as root on the host, then the same is
// run again and has to succeed unaided, and what is left has to be as if nothing
// had happened.
//
//	go test ./test/chaos                               some cases, chosen by a seed
//	make chaos                                         all of them (CHAOS=full)
//	CHAOS_SEED=7 go test ./test/chaos                  other ones
//	CHAOS_CASE=deploy/activate#1/mv#2/before/kill go test -v ./test/chaos
//
// A name is all that it takes to repeat a case; CHAOS_CASE is one or several,
// separated by blanks. See README.md.
//
// The package drives the built command line and knows nothing of how that works.
package chaos
