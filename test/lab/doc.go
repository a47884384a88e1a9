// Package lab boots real Linux hosts on this machine: systemd as process 1, sshd, sudo, an address of their own.
// Tests, the demo and people at a shell use them to see Slipway deploy to what it deploys to in earnest.
//
// A lab is one build host, one git host and some web hosts, each a systemd-nspawn container above a cached base image;
// or bare hosts, which have nothing but what an installer leaves, for tests of setup.
// Several labs run beside each other: each claims a number N, and everything that it makes carries that number
// (the subnet 10.213.N.0/24, the directory /var/lib/slipway-lab/N, names that begin with "slabN"). So what a killed
// process left behind can be found by its number alone, and the next [Start] removes it.
//
// The package needs root on Debian or Ubuntu. It does not know Slipway: nothing here deploys, and no other part of the
// project but tests, demo and benchmarks may import it.
package lab
