package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// A lab's network is a switch (a bridge) in a network namespace of its own, with a cable to each host and one to this
// machine. The machine's own firewall and forwarding rules (Docker's, say) never see what hosts send each other,
// and so nothing of the machine has to be set, or put back.

// netnsDir is where ip keeps network namespaces.
const netnsDir = "/run/netns"

// buildSwitch makes the switch and this machine's port on it, which has the lab's name.
func buildSwitch(ctx context.Context, n number) error {
	err := ipCommands(ctx,
		"netns add "+n.switchName(),
		"-n "+n.switchName()+" link add br0 type bridge",
		"-n "+n.switchName()+" link set br0 up",
		"link add "+n.name()+" type veth peer name machine netns "+n.switchName(),
		"-n "+n.switchName()+" link set machine master br0 up",
		"addr add "+n.address(1)+"/24 dev "+n.name())
	if err != nil {
		return err
	}
	// A machine whose administrator turned IPv6 off for new interfaces has it on this one.
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+n.name()+"/disable_ipv6", []byte("0"), 0o644); err != nil {
		return fmt.Errorf("turn IPv6 on: %w", err)
	}
	return ipCommands(ctx,
		"addr add "+n.address6(1)+"/64 dev "+n.name()+nodad,
		"link set "+n.name()+" up")
}

// nodad leaves out the search for another owner of an IPv6 address, which takes a second in which nobody may use it.
const nodad = " nodad"

// plugIn gives a host its network namespace, and in it the interface host0 with the host's addresses.
func plugIn(ctx context.Context, h *Host) error {
	space, port := h.machineName(), h.Name
	return ipCommands(ctx,
		"netns add "+space,
		"-n "+space+" link add host0 type veth peer name "+port+" netns "+h.lab.number.switchName(),
		"-n "+space+" addr add "+h.Addr+"/24 dev host0",
		"-n "+space+" addr add "+h.Addr6+"/64 dev host0"+nodad,
		"-n "+space+" link set host0 up",
		"-n "+space+" link set lo up",
		"-n "+h.lab.number.switchName()+" link set "+port+" master br0 up")
}

func ipCommands(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		if _, err := run(ctx, "ip", strings.Fields(command)...); err != nil {
			return err
		}
	}
	return nil
}

// removeNetwork removes all of a lab's network, whatever is there of it.
func removeNetwork(ctx context.Context, n number) error {
	var errs []error
	if _, err := net.InterfaceByName(n.name()); err == nil {
		errs = append(errs, ipCommands(ctx, "link delete "+n.name()))
	}
	spaces, err := filepath.Glob(filepath.Join(netnsDir, n.name()+"-*"))
	errs = append(errs, err)
	for _, space := range spaces {
		errs = append(errs, ipCommands(ctx, "netns delete "+filepath.Base(space)))
	}
	return errors.Join(errs...)
}

func (n number) switchName() string { return n.name() + "-switch" }

func (n number) address(octet int) string { return fmt.Sprintf("10.213.%d.%d", n, octet) }

// address6 is of a network for local use (RFC 4193). Lab and octet stand in it as in the IPv4 address, in decimal digits.
func (n number) address6(octet int) string { return fmt.Sprintf("fd2c:8d41:5a9b:%d::%d", n, octet) }

func (h *Host) netnsPath() string { return filepath.Join(netnsDir, h.machineName()) }
