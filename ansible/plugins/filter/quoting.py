"""Values in systemd's files. Each function refuses what has no form there."""

from __future__ import annotations

import re

from ansible.errors import AnsibleFilterError


def _one_line(value):
    if isinstance(value, bool):
        value = str(value).lower()
    text = str(value)
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text):
        raise AnsibleFilterError("a value has a line break or another control character, which the unit's environment cannot have")
    return text


def environment_value(value):
    """A value as both EnvironmentFile= of systemd and sh read it."""
    return '"' + re.sub(r'(["\\$`])', r"\\\1", _one_line(value)) + '"'


def exec_word(value):
    """One word of ExecStart=: no specifier, variable or quote in it means anything."""
    text = re.sub(r'(["\\])', r"\\\1", _one_line(value))
    return '"' + text.replace("%", "%%").replace("$", "$$") + '"'


def erlang_address(value):
    """An IPv4 address as an Erlang tuple."""
    return "{" + ",".join(str(value).split(".")) + "}"


class FilterModule:
    def filters(self):
        return {
            "environment_value": environment_value,
            "exec_word": exec_word,
            "erlang_address": erlang_address,
        }
