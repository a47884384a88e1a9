#!/usr/bin/python
"""Makes many files and directories at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: files
short_description: Make many files and directories at once
description:
  - Makes directories, then files with the texts that are given, and removes what is to be gone.
  - One call takes the place of one task for each file. What a task costs is its way to the host, not its work.
  - Every text is written and checked beside its place before the first one takes its place.
options:
  entries:
    description: What is to be there, or gone.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file or directory.
        type: path
        required: true
      state:
        description:
          - What it is to be. A file takes the place of a link; a directory may be behind one, unless O(entries[].follow) is false.
          - Directories above it that are missing are made like it.
        type: str
        choices: [file, directory, absent]
        default: file
      text:
        description: What is in a file.
        type: str
        default: ""
      mode:
        description: The permissions, as an octal number.
        type: str
      owner:
        description: The user whose it is. Without it, whoever runs the module.
        type: str
      group:
        description: Its group. In check mode it need not be there yet, nor the owner.
        type: str
      follow:
        description: Whether a directory may be behind a link.
        type: bool
        default: true
      validate:
        description: A command that ends with 0 if the text is right. C(%s) in it is a file with the text. It is not run in check mode.
        type: str
  ask:
    description: Paths that are left alone. Those that are there are returned.
    type: list
    elements: path
    default: []
author: The Slipway authors (@apxr)
"""

EXAMPLES = r"""
- name: Write the rules
  apxr.slipway.files:
    entries:
      - {path: /etc/slipway, state: directory, mode: "0755"}
      - {path: /etc/slipway/rules, text: "{{ lookup('ansible.builtin.template', 'rules.j2') }}", mode: "0644"}
"""

RETURN = r"""
paths:
  description: What was changed, or would be.
  returned: always
  type: list
  elements: str
there:
  description: Those of O(ask) that are there.
  returned: always
  type: list
  elements: str
"""

import grp
import os
import pwd
import shlex
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule

ENTRY = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["file", "directory", "absent"], "default": "file"},
    "text": {"type": "str", "default": ""},
    "mode": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "follow": {"type": "bool", "default": True},
    "validate": {"type": "str"},
}


class Mistake(Exception):
    """What keeps an entry from being made."""


def text_at(path):
    """The text of a file; None if there is none. A link is none: a file takes its place."""
    if os.path.islink(path) or not os.path.exists(path):
        return None
    if not os.path.isfile(path):
        raise Mistake("{0} is there, and is no file: move it away".format(path))
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def new_file(entry, module):
    """A file with the text and its permissions, beside the place that it is for; checked."""
    handle, new = tempfile.mkstemp(dir=os.path.dirname(entry["path"]), prefix=".slipway-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(entry["text"])
            file.flush()
            os.fsync(file.fileno())
        check(entry, new, module)
        permissions(entry, new, module)
    except BaseException:
        os.unlink(new)
        raise
    return new


def check(entry, new, module):
    if not entry["validate"]:
        return
    command = [word.replace("%s", new) for word in shlex.split(entry["validate"])]
    status, out, err = module.run_command(command)
    if status != 0:
        raise Mistake("{0} was not written, since {1} refuses it: {2}".format(entry["path"], command[0], (err or out).strip().replace(new, entry["path"])))


def permissions(entry, path, module):
    """Makes owner, group and mode right. Returns whether they were not."""
    if module.check_mode and not (os.path.exists(path) and known(entry)):
        return True
    return module.set_fs_attributes_if_different(module.load_file_common_arguments(dict(entry, path=path)), False)


def known(entry):
    """Whether owner and group are there already."""
    try:
        return all((pwd.getpwnam(entry["owner"] or "root"), grp.getgrnam(entry["group"] or "root")))
    except KeyError:
        return False


def make_directory(entry, module):
    path = os.path.realpath(entry["path"]) if entry["follow"] else entry["path"]
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
        raise Mistake("{0} is there, and is no directory: move it away".format(path))
    change = not os.path.isdir(path)
    if change and not module.check_mode:
        for new in missing(path):
            os.mkdir(new)
            permissions(entry, new, module)
    return permissions(entry, path, module) or change


def missing(path):
    """A directory and those above it that are not there, the uppermost first. What umask is does not matter for them."""
    above = [] if os.path.isdir(os.path.dirname(path)) else missing(os.path.dirname(path))
    return above + [path]


def make_file(entry, new, module):
    """Gives a file that was written its place, if one was; and makes the permissions right."""
    if new:
        os.rename(new, entry["path"])
    return permissions(entry, entry["path"], module) or new is not None


def remove(path, module):
    if not os.path.lexists(path):
        return False
    if not module.check_mode:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    return True


def difference(entry, before):
    path, after = entry["path"], entry["text"]
    if entry["state"] != "file":
        after = entry["state"] + "\n"
    elif before == after:
        before, after = "other permissions\n", "owner {owner}, group {group}, mode {mode}\n".format(**entry)
    return {"before_header": path, "after_header": path, "before": before or "", "after": after}


def make(entries, module):
    """Makes all entries. Returns a difference for each one that is changed."""
    # Files are written in directories of the same list, and none takes its place before all are written and checked.
    before, new, diff = {}, {}, []
    try:
        for entry in of(entries, "directory"):
            if make_directory(entry, module):
                diff.append(difference(entry, None))
        for entry in of(entries, "file"):
            path = entry["path"]
            before[path] = text_at(path)
            if before[path] != entry["text"] and not module.check_mode:
                new[path] = new_file(entry, module)
        for entry in of(entries, "file"):
            path = entry["path"]
            if make_file(entry, new.pop(path, None), module) or before[path] != entry["text"]:
                diff.append(difference(entry, before[path]))
        for entry in of(entries, "absent"):
            if remove(entry["path"], module):
                diff.append(difference(entry, None))
    finally:
        for path in new.values():
            os.unlink(path)
    return diff


def of(entries, state):
    return [entry for entry in entries if entry["state"] == state]


def main():
    module = AnsibleModule(
        argument_spec={
            "entries": {"type": "list", "elements": "dict", "required": True, "options": ENTRY},
            "ask": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        diff = make(module.params["entries"], module)
    except (Mistake, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(diff), diff=diff, paths=[entry["after_header"] for entry in diff],
        there=[path for path in module.params["ask"] if os.path.lexists(path)])


if __name__ == "__main__":
    main()
