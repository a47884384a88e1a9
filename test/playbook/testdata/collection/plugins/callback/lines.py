"""Writes what tasks did as lines of JSON, in the form that the collection's own plugin has."""

DOCUMENTATION = """
name: lines
type: aggregate
short_description: results for tests
description: Writes results.
"""

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "apxr.slipway.lines"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, **told):
        with open(os.environ["SLIPWAY_RESULTS"], "a", encoding="utf-8") as f:
            f.write(json.dumps(told) + "\n")

    def _task(self, result, status, ignored=False):
        got, diff = result._result, []
        if not result._task.no_log:
            diff = [
                {"header": d.get("before_header") or got.get("dest", ""), "before": d.get("before") or "", "after": d.get("after") or ""}
                for d in got.get("diff") or [] if isinstance(d, dict) and d.get("before") != d.get("after")
                and isinstance(d.get("after"), str)
            ]
        self._write(
            event="task", host=result._host.get_name(), task=result._task.name, role="", action=result._task.action,
            status=status, ignored=ignored, message=str(got.get("msg") or ""), diff=diff,
        )

    def v2_runner_on_ok(self, result):
        if result._result.get("changed"):
            self._task(result, "changed")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._task(result, "failed", ignore_errors)

    def v2_runner_on_unreachable(self, result):
        self._task(result, "unreachable")

    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed):
            n = stats.summarize(host)
            self._write(
                event="stats", host=host, ok=n["ok"], changed=n["changed"], failed=n["failures"],
                unreachable=n["unreachable"], skipped=n["skipped"],
            )
