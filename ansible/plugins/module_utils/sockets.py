"""Who listens on which TCP port, read from /proc: a host may have neither ss nor lsof."""

from __future__ import annotations

import os
import re

LISTEN = "0A"


def listeners(proc="/proc"):
    """A dict for each listening socket: port, pid, process, unit; pid 0 where nobody was found."""
    sockets = {}
    for name in ("tcp", "tcp6"):
        sockets.update(listening(os.path.join(proc, "net", name)))
    owners = owners_of(set(sockets), proc)
    found = []
    for inode, port in sockets.items():
        pid = owners.get(inode, 0)
        found.append({"port": port, "pid": pid, "process": process(pid, proc), "unit": unit(pid, proc)})
    unique = {(entry["port"], entry["pid"]): entry for entry in found}
    return [unique[key] for key in sorted(unique)]


def listening(path):
    """The ports that are listened on, by the inode of the socket."""
    ports = {}
    try:
        with open(path, encoding="ascii") as file:
            rows = [row.split() for row in file][1:]
    except FileNotFoundError:  # a kernel without IPv6
        return ports
    for row in rows:
        if len(row) > 9 and row[3] == LISTEN:
            ports[row[9]] = int(row[1].rsplit(":", 1)[1], 16)
    return ports


def owners_of(inodes, proc):
    """The lowest process that has each socket open: a parent, rather than what it started."""
    owners = {}
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        directory = os.path.join(proc, str(pid), "fd")
        try:
            handles = os.listdir(directory)
        except OSError:  # it has ended
            continue
        for handle in handles:
            try:
                match = re.match(r"socket:\[(\d+)\]", os.readlink(os.path.join(directory, handle)))
            except OSError:
                continue
            # systemd keeps the socket of a service that it hands it to: the service is of interest.
            if match and match.group(1) in inodes and owners.get(match.group(1), 1) == 1:
                owners[match.group(1)] = pid
    return owners


def process(pid, proc):
    try:
        with open(os.path.join(proc, str(pid), "comm"), encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def unit(pid, proc):
    """The systemd unit that a process belongs to, by its control group."""
    try:
        with open(os.path.join(proc, str(pid), "cgroup"), encoding="utf-8", errors="replace") as file:
            rows = [row.rstrip("\n").split(":", 2) for row in file]
    except OSError:
        return ""
    for _number, controllers, path in rows:
        if controllers in ("", "name=systemd"):
            names = [part for part in path.split("/") if re.search(r"\.(service|scope)$", part)]
            if names:
                return names[-1]
    return ""
