import types
import unittest

import collection  # noqa: F401
from ansible_collections.apxr.slipway.plugins.callback import lines


def task(**other):
    good = {"name": "Write it", "action": "ansible.builtin.template", "no_log": False, "_role": None}
    return types.SimpleNamespace(**dict(good, **other))


class LineTest(unittest.TestCase):
    def test_changed(self):
        result = {"changed": True, "dest": "/etc/x", "diff": {"before": "a\n", "after": "b\n", "after_header": "/tmp/x.j2"}}
        self.assertEqual(lines.line("web1", task(), result, "changed"), {
            "event": "task", "host": "web1", "task": "Write it", "role": "", "action": "ansible.builtin.template",
            "status": "changed", "ignored": False, "message": "", "diff": [{"header": "/etc/x", "before": "a\n", "after": "b\n"}],
        })

    def test_each_role_that_begins(self):
        told = []
        callback = lines.CallbackModule()
        callback._write = told.append
        for role in (None, "users", "users", None, "firewall", "users"):
            callback.v2_runner_on_ok(types.SimpleNamespace(
                _task=task(_role=role and types.SimpleNamespace(get_name=lambda role=role, **_: role)), _result={}))
        self.assertEqual([one["role"] for one in told], ["users", "firewall"])

    def test_of_a_loop_the_items_that_changed(self):
        item = {"before": {"path": "/a", "mode": "0700"}, "after": {"path": "/a", "mode": "0755"}}
        result = {"changed": True, "results": [
            {"changed": True, "item": "a", "diff": item}, {"changed": False, "item": "b", "diff": {"before": "x", "after": "y"}}]}
        diff = lines.line("web1", task(), result, "changed")["diff"]
        self.assertEqual([one["header"] for one in diff], ["/a"])
        self.assertIn('"mode": "0755"', diff[0]["after"])

    def test_failures_say_why(self):
        for result, said in (
            ({"failed": True, "msg": "non-zero return code", "stderr": "nft: no", "rc": 1}, "non-zero return code\nnft: no"),
            ({"failed": True, "msg": ["one", "two"]}, "one\ntwo"),
            ({"failed": True, "msg": "All items completed", "results": [
                {"failed": True, "item": "a", "msg": "no a"}, {"item": "b", "msg": "fine"}]}, "a: no a"),
        ):
            self.assertEqual(lines.line("web1", task(), result, "failed")["message"], said)

    def test_nothing_of_a_secret(self):
        canary = {"changed": True, "failed": True, "msg": "canary", "stderr": "canary", "diff": {"before": "", "after": "canary"}}
        for given, result in (
            (task(no_log=True), canary),
            (task(), dict(canary, _ansible_no_log=True)),
            (task(), dict(canary, censored="hidden")),
            (task(), {"changed": True, "results": [dict(canary, _ansible_no_log=True)]}),
        ):
            for status in ("changed", "failed"):
                told = lines.line("web1", given, result, status)
                self.assertEqual((told["message"], told["diff"]), ("", []))
