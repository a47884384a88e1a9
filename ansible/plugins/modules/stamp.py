#!/usr/bin/python
"""Writes down what setup made on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stamp
short_description: Write down what setup made on a host
description:
  - Writes modes, owners and checksums of what setup made into one file that everybody may read, so that a check without root can compare the host with it.
options:
  path:
    description: The file. Its directory is there already, but in check mode.
    type: path
    required: true
  files:
    description: Files that setup made. One that is missing is an error, but in check mode.
    type: list
    elements: path
    required: true
  host_files:
    description: Files that other roles made, or did not.
    type: list
    elements: path
    default: []
  directories:
    description: Directories that setup made.
    type: list
    elements: path
    required: true
  units:
    description: Units that setup enabled.
    type: list
    elements: str
    required: true
  host_units:
    description: Units that other roles enabled, or did not.
    type: list
    elements: str
    default: []
  keys_of:
    description: A user whose authorized_keys belong to it as well.
    type: str
  rules:
    description: The sudo rules, each as the user that it is run as and the command.
    type: list
    elements: str
    required: true
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Write down what setup made
  apxr.slipway.stamp:
    path: /etc/slipway/apxr_io/setup
    files: [/etc/systemd/system/apxr_io.service]
    directories: [/opt/apxr/apxr_io]
    units: [apxr_io.service]
    rules: [root /usr/bin/systemctl restart apxr_io.service]
"""

RETURN = r"""
"""

import grp
import hashlib
import os
import pwd
import stat
import tempfile

from ansible.module_utils.basic import AnsibleModule


def owners(found):
    try:
        user = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        user = str(found.st_uid)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return "{0:o} {1} {2}".format(stat.S_IMODE(found.st_mode), user, group)


def checksum(path, reader):
    """SHA-256 of a file; nothing of one that not everybody may read, unless it is the reader's own."""
    found = os.stat(path)
    own = reader is not None and found.st_uid == reader
    if not found.st_mode & stat.S_IROTH and not own:
        return "-"
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def is_enabled(unit, root="/etc/systemd/system"):
    return any(os.path.islink(os.path.join(root, directory, unit))
               for directory in os.listdir(root) if directory.endswith(".wants"))


def key_file(user):
    account = pwd.getpwnam(user)
    return os.path.join(account.pw_dir, ".ssh", "authorized_keys"), account.pw_uid


def lines(params):
    """What the file says, and which of the files are missing."""
    made, missing = [], []
    reader = None
    files = params["files"] + [path for path in params["host_files"] if os.path.exists(path)]
    if params["keys_of"]:
        try:
            path, reader = key_file(params["keys_of"])
            files.append(path)
        except KeyError:
            missing.append("the account " + params["keys_of"])
    for path in files:
        try:
            made.append("file {0} {1} {2}".format(owners(os.stat(path)), checksum(path, reader), path))
        except FileNotFoundError:
            missing.append(path)
    for path in params["directories"]:
        try:
            made.append("directory {0} {1}".format(owners(os.stat(path)), path))
        except FileNotFoundError:
            missing.append(path)
    units = params["units"] + [unit for unit in params["host_units"] if is_enabled(unit)]
    made += ["unit " + unit for unit in units]
    made += ["rule " + rule for rule in params["rules"]]
    return sorted(made), missing


def write(path, text):
    handle, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".setup")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def main():
    paths = {"type": "list", "elements": "path"}
    texts = {"type": "list", "elements": "str"}
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "files": dict(paths, required=True),
            "host_files": dict(paths, default=[]),
            "directories": dict(paths, required=True),
            "units": dict(texts, required=True),
            "host_units": dict(texts, default=[]),
            "keys_of": {"type": "str", "no_log": False},
            "rules": dict(texts, required=True),
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    made, missing = lines(module.params)
    if missing and not module.check_mode:
        module.fail_json(msg="setup should have made {0}, but it is not there".format(", ".join(missing)))
    before, after = read(path), "\n".join(["format 1"] + made) + "\n"
    changed = before != after or bool(missing) or (before != "" and owners(os.stat(path)) != "644 root root")
    if changed and not module.check_mode:
        write(path, after)
    diff = [{"before_header": path, "after_header": path, "before": before, "after": after}] if changed else []
    module.exit_json(changed=changed, diff=diff)


if __name__ == "__main__":
    main()
