#!/usr/bin/python
"""Tells who listens on which TCP port."""

from __future__ import annotations

DOCUMENTATION = r"""
module: listeners
short_description: Tell who listens on which TCP port
description:
  - Reads F(/proc), so that a host needs no program for it. Changes nothing.
options: {}
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Ask who listens
  apxr.slipway.listeners:
  register: found
"""

RETURN = r"""
listeners:
  description: One entry for each port and process.
  type: list
  elements: dict
  returned: always
  sample: [{port: 22, pid: 411, process: sshd, unit: ssh.service}]
"""

import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.apxr.slipway.plugins.module_utils.sockets import listeners


def socket_units():
    """The socket unit of each port that systemd itself listens on."""
    asked = subprocess.run(["systemctl", "list-sockets", "--no-legend", "--no-pager", "--plain"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=False)
    units = {}
    for row in asked.stdout.splitlines():
        words = row.split()
        if len(words) > 1 and words[0].rsplit(":", 1)[-1].isdigit():
            units[int(words[0].rsplit(":", 1)[1])] = words[1]
    return units


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    found = listeners()
    if any(entry["pid"] == 1 for entry in found):
        units = socket_units()
        for entry in found:
            if entry["pid"] == 1:
                entry["unit"] = units.get(entry["port"], "")
    module.exit_json(changed=False, listeners=found)


if __name__ == "__main__":
    main()
