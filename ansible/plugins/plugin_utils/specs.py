"""What the roles of this collection take: their argument specs are the one place that says it."""

from __future__ import annotations

import os

import yaml

ROLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "roles")

# Where each role's variables usually stand in an inventory.
FILES = {
    "users": "group_vars/all/users.yml",
    "application": "group_vars/all/elixir-release.yml",
    "web_server": "group_vars/all/elixir-release.yml",
    "firewall": "group_vars/web-servers/vars.yml",
    "epmd": "group_vars/web-servers/vars.yml",
    "build_server": "group_vars/build-servers/vars.yml",
}


def read(role, *path):
    try:
        with open(os.path.join(ROLES, role, *path), encoding="utf-8") as file:
            return yaml.safe_load(file) or {}
    except FileNotFoundError:
        return {}


def options(role):
    """The argument spec of a role, by variable."""
    return read(role, "meta", "argument_specs.yml")["argument_specs"]["main"].get("options", {})


def defaults(roles):
    """What the variables of some roles are where nothing is said, not yet evaluated."""
    found = {}
    for role in roles:
        found.update(read(role, "defaults", "main.yml"))
    return found


def known():
    """Every variable that people may set, and its role."""
    return {name: role for role in FILES for name in options(role)}
