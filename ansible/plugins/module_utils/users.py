"""What modules do as another user: root that writes below a directory of somebody else follows links of theirs."""

from __future__ import annotations

import json
import os
import pwd


def as_user(name, function):
    """Calls function in a process of that user and returns what it returns, which JSON has to carry.

    An exception there is a RuntimeError here.
    """
    account = pwd.getpwnam(name)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _answer(account, function, write)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    answer = json.loads(text)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["result"]


def _answer(account, function, write):
    """Never returns: the child must not run what the parent has to do."""
    try:
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.umask(0o077)
        answer = {"result": function()}
    except BaseException as error:  # whatever it is, the parent tells it
        answer = {"error": "{0}: {1}".format(type(error).__name__, error)}
    with os.fdopen(write, "w") as pipe:
        json.dump(answer, pipe)
    os._exit(0)
