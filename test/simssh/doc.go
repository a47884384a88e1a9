// Package simssh is a fleet of hosts for tests of scale: SSH servers in this
// process, one for each loopback address, which really run what they are asked
// to. Each host has its own processes (a PID namespace), its own /opt (a tmpfs
// in a mount namespace) and stand-ins for systemctl, sudo and journalctl that
// answer what Slipway's scripts ask. A unit's main process is a real one.
//
// It stands in for hosts, for scale alone: the network is loopback, everybody is
// root, and no stand-in misbehaves as systemd, sudo or sshd may. What Slipway
// does to one host is tried on real ones, by package hosts.
package simssh
