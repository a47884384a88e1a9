// Package hosttest has a host for tests of fleets: a [Machine] in memory, on which
// a [Fake] of each run does what package host does on a real one, in no time. A
// test breaks any step of it by a [Fault].
//
// What the fake and the real host have to have in common is in [Contract], which
// both are held to.
package hosttest
