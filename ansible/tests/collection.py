"""Makes the collection importable as ansible_collections.apxr.slipway, wherever this repository lies."""

import os
import sys
import tempfile

_dir = tempfile.TemporaryDirectory(prefix="slipway-collection-")
_namespace = os.path.join(_dir.name, "ansible_collections", "apxr")
os.makedirs(_namespace)
os.symlink(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.join(_namespace, "slipway"))
os.environ["ANSIBLE_COLLECTIONS_PATH"] = _dir.name
sys.dont_write_bytecode = True

# Ansible's own importer, which reads that variable when it is set up: ansible-core 2.15 and newer are told when.
from ansible.plugins import loader  # noqa: E402

getattr(loader, "init_plugin_loader", lambda: None)()
