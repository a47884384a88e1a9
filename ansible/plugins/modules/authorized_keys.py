#!/usr/bin/python
"""Writes whole authorized_keys files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: authorized_keys
short_description: Write whole authorized_keys files
description:
  - Makes F(~/.ssh/authorized_keys) of each account have exactly the keys that are given, so that a key that is no longer given is gone.
  - Each file is written as the user whose it is, so that no link of theirs leads root anywhere.
options:
  accounts:
    description: Whose files, and what is in them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The account. In check mode it need not be there yet.
        type: str
        required: true
      comment:
        description: Not used; so that a list of users can be given as it is.
        type: str
      keys:
        description: Public keys, one line each.
        type: list
        elements: str
        required: true
  revoked:
    description: Public keys that are left out wherever they are given.
    type: list
    elements: str
    default: []
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Write everybody's keys
  apxr.slipway.authorized_keys:
    accounts:
      - name: ada
        keys: ["ssh-ed25519 AAAA... ada@laptop"]
"""

RETURN = r"""
"""

import os
import pwd
import subprocess

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.apxr.slipway.plugins.module_utils.users import as_user

HEADER = "# Written by Slipway's setup: what is added by hand is lost.\n"
RESTORECON = "/usr/sbin/restorecon"


def blob(line):
    """The key itself: what is left of a line without options and comment."""
    for word in line.split():
        if word.startswith("AAAA"):
            return word
    return line.strip()


def text_of(keys, revoked):
    gone = {blob(key) for key in revoked}
    lines, seen = [], set()
    for key in keys:
        if blob(key) not in gone and blob(key) not in seen:
            seen.add(blob(key))
            lines.append(key.strip() + "\n")
    return HEADER + "".join(lines)


def state_of(path):
    """The file's text, or None, and whether it and its directory have the modes that sshd asks for."""
    directory = os.path.dirname(path)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return None, False
    modes = [os.stat(name).st_mode & 0o777 for name in (directory, path)]
    return text, modes == [0o700, 0o600] and not os.path.islink(path)


def write(path, text):
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    os.chmod(directory, 0o700)
    new = path + ".slipway"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o600)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    if os.path.exists(RESTORECON):
        subprocess.run([RESTORECON, "-R", directory], check=False)


def update(path, text, check):
    """Runs as the user. Returns the text before, and whether anything is to change."""
    before, good = state_of(path)
    change = before != text or not good
    if change and not check:
        write(path, text)
    return [before or "", change]


def main():
    account = {
        "name": {"type": "str", "required": True},
        "comment": {"type": "str"},
        "keys": {"type": "list", "elements": "str", "required": True, "no_log": False},
    }
    module = AnsibleModule(
        argument_spec={
            "accounts": {"type": "list", "elements": "dict", "required": True, "options": account},
            "revoked": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    diff = []
    for entry in module.params["accounts"]:
        text = text_of(entry["keys"], module.params["revoked"])
        try:
            home = pwd.getpwnam(entry["name"]).pw_dir
        except KeyError:
            if not module.check_mode:
                module.fail_json(msg="there is no account {0}".format(entry["name"]))
            diff.append({"header": "keys of " + entry["name"], "before": "", "after": text})
            continue
        path = os.path.join(home, ".ssh", "authorized_keys")
        try:
            before, change = as_user(entry["name"], lambda: update(path, text, module.check_mode))
        except RuntimeError as error:
            module.fail_json(msg="cannot write {0} as {1}: {2}".format(path, entry["name"], error))
        if change:
            diff.append({"before_header": path, "after_header": path, "before": before, "after": text})
    module.exit_json(changed=bool(diff), diff=diff)


if __name__ == "__main__":
    main()
