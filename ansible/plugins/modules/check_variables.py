#!/usr/bin/python
"""Finds what is wrong with the variables of a host; an action plugin does it, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: check_variables
short_description: Find what is wrong with the variables of a host
description:
  - Holds the variables that begin with C(slipway_) against the argument specs of this collection's roles, and people and settings against each other.
  - It does not fail, so that what is wrong with other hosts is found too. It asks no host.
options:
  roles:
    description: The roles that will run on the host.
    type: list
    elements: str
    required: true
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Check the variables
  apxr.slipway.check_variables:
    roles: [application, users]
  register: checked
"""

RETURN = r"""
mistakes:
  description: What is wrong, and what to do. No value of a secret is in it.
  type: list
  elements: str
  returned: always
ports:
  description: The ports that the host must have free, and the units that may have them.
  type: list
  elements: dict
  returned: always
place:
  description: What no other application of the host may have.
  type: dict
  returned: always
"""
