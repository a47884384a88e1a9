"""Reads group_vars and host_vars as Ansible does, but leaves encrypted files out.

Names, ports and users of hosts can so be read without the password of the vault.
The file that SLIPWAY_LEFT_OUT names lists the files left out. It is empty if
there are none, and missing if this Ansible did not use the plugin.
"""
import os

from ansible.plugins.vars import host_group_vars

MARK = b"$ANSIBLE_VAULT"


class PlainFiles:
    """Passes everything on to Ansible's loader, except for encrypted files."""

    def __init__(self, loader, note):
        self._loader = loader
        self._note = note

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def load_from_file(self, path, *args, **kwargs):
        with open(path, "rb") as file:
            encrypted = file.read(len(MARK)) == MARK
        if not encrypted:
            return self._loader.load_from_file(path, *args, **kwargs)
        self._note.write(os.fsdecode(path) + "\n")
        return {}


class VarsModule(host_group_vars.VarsModule):
    REQUIRES_ENABLED = True

    def get_vars(self, loader, path, entities, cache=True):
        with open(os.environ["SLIPWAY_LEFT_OUT"], "a", encoding="utf-8") as note:
            return super().get_vars(PlainFiles(loader, note), path, entities, cache)
