// Package hosttest has hosts for tests of fleets. A [Machine] is a host in
// memory. A [Fake] is that machine in one run, and does what package host does
// on a real one, without taking time. A [Fault] breaks any step of it.
//
// [Contract] has what the fake and the real host must have in common. Both are
// tested against it.
package hosttest
