#!/usr/bin/python
"""Tells which applications setup has prepared on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: applications
short_description: Tell which applications setup has prepared on a host
description:
  - Reads what setup wrote below F(/etc/slipway). Changes nothing, and returns no secret.
options: {}
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Ask which applications there are
  apxr.slipway.applications:
  register: found
"""

RETURN = r"""
applications:
  description: One entry for each application.
  type: list
  elements: dict
  returned: always
  sample: [{app: shop, directory: /opt/apxr/shop, units: [shop.service], ports: [80, 4001], node_address: 127.0.0.1}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.apxr.slipway.plugins.module_utils.applications import applications


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, applications=applications())


if __name__ == "__main__":
    main()
