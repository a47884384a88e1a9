"""Tells another program what the tasks of a playbook did."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lines
type: aggregate
short_description: Write results as lines of JSON
description:
  - Writes each task that changed something, failed, or did not reach its host as one line of JSON into the file that E(SLIPWAY_RESULTS) names,
    the name of each role that begins, and the numbers of each host when the playbook ends. Without that variable it does nothing.
  - Of a task with C(no_log) it tells neither message nor difference.
requirements:
  - C(ANSIBLE_CALLBACKS_ENABLED=apxr.slipway.lines)
"""

import json
import os

from ansible.plugins.callback import CallbackBase

# What a failed command says of itself, in the order in which it helps.
EXPLANATIONS = ("msg", "stderr", "module_stderr", "stdout", "module_stdout")


def is_secret(result, task=None):
    """Whether anything of the result, or of one item of it, is not to be shown."""
    if task is not None and task.no_log:
        return True
    if result.get("_ansible_no_log") or "censored" in result:
        return True
    return any(is_secret(item) for item in result.get("results") or [] if isinstance(item, dict))


def text_of(value):
    """A value as lines for people."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def message(result):
    """What a result says; of a loop, what its failed or changed items say."""
    items = [item for item in result.get("results") or [] if isinstance(item, dict)]
    if items:
        bad = [item for item in items if item.get("failed") or item.get("unreachable")]
        return "\n".join(said for said in (of_item(item) for item in bad or items) if said)
    return of_one(result)


def of_item(item):
    said = of_one(item)
    label = item.get("_ansible_item_label", item.get("item"))
    return "{0}: {1}".format(text_of(label).strip(), said) if said else ""


def of_one(result):
    parts = []
    for name in EXPLANATIONS if result.get("failed") or result.get("unreachable") else ("msg",):
        said = text_of(result.get(name)).strip()
        if said and said not in "\n".join(parts):
            parts.append(said)
    return "\n".join(parts)


def differences(result):
    """Each difference of a result and of its items, as header, text before and text after."""
    found = []
    for item in result.get("results") or []:
        if isinstance(item, dict) and item.get("changed"):
            found += differences(item)
    diff = result.get("diff") or []
    for entry in diff if isinstance(diff, list) else [diff]:
        if isinstance(entry, dict):
            found += difference(entry, result.get("dest") or result.get("path"))
    return found


def difference(entry, path=None):
    # For a new file a template names only its own source.
    header = entry.get("before_header") or path or entry.get("after_header") or entry.get("header") or path_in(entry)
    if "prepared" in entry:
        return [{"header": header, "before": "", "after": text_of(entry["prepared"])}]
    before, after = text_of(entry.get("before")), text_of(entry.get("after"))
    if before == after:
        return []
    return [{"header": header, "before": before, "after": after}]


def path_in(entry):
    for side in ("after", "before"):
        if isinstance(entry.get(side), dict) and "path" in entry[side]:
            return entry[side]["path"]
    return ""


def line(host, task, result, status, ignored=False):
    """What is told of a task on a host."""
    role = task._role.get_name(include_role_fqcn=False) if task._role else ""
    told = {
        "event": "task", "host": host, "task": task.name or task.action, "role": role, "action": task.action,
        "status": status, "ignored": ignored, "message": "", "diff": [],
    }
    if not is_secret(result, task):
        told["message"] = message(result)
        told["diff"] = differences(result) if status == "changed" else []
    return told


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "apxr.slipway.lines"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._file = None
        self._roles = set()
        path = os.environ.get("SLIPWAY_RESULTS")
        if not path:
            self.disabled = True
            return
        # What is told may be of interest to nobody else.
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8")

    def _write(self, told):
        self._file.write(json.dumps(told, default=str) + "\n")
        self._file.flush()

    def _task(self, result, status, ignored=False):
        self._write(line(result._host.get_name(), result._task, result._result, status, ignored))

    def _begin(self, task):
        """Tells that a role has begun, with its first task that was not skipped. Hosts are in different roles at a time."""
        role = task._role.get_name(include_role_fqcn=False) if task._role else None
        if role and role not in self._roles:
            self._roles.add(role)
            self._write({"event": "role", "role": role})

    def v2_runner_on_ok(self, result):
        self._begin(result._task)
        if result._result.get("changed"):
            self._task(result, "changed")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._begin(result._task)
        self._task(result, "failed", bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._task(result, "unreachable", bool(result._task.ignore_unreachable))

    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed):
            numbers = stats.summarize(host)
            self._write({
                "event": "stats", "host": host, "ok": numbers["ok"], "changed": numbers["changed"],
                "failed": numbers["failures"], "unreachable": numbers["unreachable"], "skipped": numbers["skipped"],
            })
