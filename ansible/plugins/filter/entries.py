"""Entries of the module files."""

from __future__ import annotations


def absent(path):
    """The entry of a file that is to be gone."""
    return {"path": path, "state": "absent"}


class FilterModule:
    def filters(self):
        return {"absent": absent}
