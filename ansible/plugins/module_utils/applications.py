"""The applications that setup has prepared on a host, read from what it wrote there."""

from __future__ import annotations

import os
import re

VARIABLE = re.compile(r'(PORT|TLS_PORT|RELEASE_NODE)="([^"]*)"\n?\Z')
REDIRECT = re.compile(r"\btcp dport (\d+) redirect to ")


def applications(top="/etc/slipway"):
    """A dict for each application: app, directory, units, ports, node_address."""
    names = sorted(os.listdir(top)) if os.path.isdir(top) else []
    return [application(top, name) for name in names if os.path.isfile(os.path.join(top, name, "setup"))]


def application(top, name):
    stamp = [line.split() for line in lines(os.path.join(top, name, "setup"))]
    directories = [words[-1] for words in stamp if words[:1] == ["directory"]]
    # The rest of the environment has secrets, and is left where it is.
    variables = dict(match.groups() for match in map(VARIABLE.match, lines(os.path.join(top, name, "environment"))) if match)
    ports = {variables.get("PORT", ""), variables.get("TLS_PORT", "")}
    for line in lines(os.path.join(top, "firewall.d", name + ".nft")):
        ports.update(REDIRECT.findall(line))
    return {
        "app": name,
        "directory": next((path for path in directories if path + "/releases" in directories), ""),
        # Those that all applications of a host share are named slipway-.
        "units": [words[1] for words in stamp if words[:1] == ["unit"] and not words[1].startswith("slipway-")],
        "ports": sorted(int(port) for port in ports if port.isdigit()),
        "node_address": variables.get("RELEASE_NODE", "").rpartition("@")[2],
    }


def lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except FileNotFoundError:
        return []
