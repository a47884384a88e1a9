import contextlib
import io
import json
import os
import pwd
import tempfile
import unittest

import collection  # noqa: F401
from ansible.module_utils import basic
from ansible_collections.apxr.slipway.plugins.filter import entries as filters
from ansible_collections.apxr.slipway.plugins.modules import files

ME = pwd.getpwuid(os.getuid()).pw_name


class FilesTest(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name

    def at(self, *names):
        return os.path.join(self.top, *names)

    def read(self, *names):
        with open(self.at(*names), encoding="utf-8", newline="") as file:
            return file.read()

    def run_module(self, entries, check=False, **other):
        """What the module answers."""
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": dict(
            other, entries=entries, _ansible_check_mode=check, _ansible_syslog_facility="LOG_USER")}).encode()
        basic._ANSIBLE_PROFILE = "legacy"  # asked for by ansible-core 2.19 and newer
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
            files.main()
        return json.loads(out.getvalue())

    def entries(self):
        return [
            {"path": self.at("etc", "units", "a.service"), "text": "[Unit]\né\r\n", "mode": "0640", "owner": ME},
            {"path": self.at("etc", "units"), "state": "directory", "mode": "0750", "owner": ME},
            {"path": self.at("b"), "text": "b\n", "mode": "0600", "validate": "grep -q b %s"},
            filters.absent(self.at("old")),
        ]

    def test_what_is_given_is_made_once(self):
        with open(self.at("old"), "w", encoding="utf-8"):
            pass
        paths = [self.at("etc", "units"), self.at("etc", "units", "a.service"), self.at("b"), self.at("old")]
        checked = self.run_module(self.entries(), check=True)
        self.assertEqual((checked["changed"], checked["paths"]), (True, paths))
        self.assertEqual(os.listdir(self.top), ["old"])
        made = self.run_module(self.entries(), ask=[self.at("b"), self.at("old")])
        self.assertEqual((made["changed"], made["paths"], made["there"]), (True, paths, [self.at("b")]))
        self.assertEqual(made["diff"][1], {"before_header": paths[1], "after_header": paths[1], "before": "", "after": "[Unit]\né\r\n"})
        self.assertEqual(self.read("etc", "units", "a.service"), "[Unit]\né\r\n")
        self.assertEqual([os.stat(path).st_mode & 0o777 for path in paths[:3]], [0o750, 0o640, 0o600])
        self.assertEqual(sorted(os.listdir(self.top)), ["b", "etc"])
        for check in (True, False):
            self.assertEqual((self.run_module(self.entries(), check)["paths"]), [])

    def test_other_permissions_are_a_change(self):
        self.run_module(self.entries())
        os.chmod(self.at("b"), 0o644)
        for check in (True, False):
            changed = self.run_module(self.entries(), check)
            self.assertEqual(changed["paths"], [self.at("b")])
            self.assertIn("mode 0600", changed["diff"][0]["after"])
        self.assertEqual(os.stat(self.at("b")).st_mode & 0o777, 0o600)

    def test_nothing_takes_its_place_before_all_are_checked(self):
        for name in ("first", "second"):
            with open(self.at(name), "w", encoding="utf-8") as file:
                file.write("old\n")
        answer = self.run_module([
            {"path": self.at("first"), "text": "new\n"},
            {"path": self.at("second"), "text": "new\n", "validate": "sh -c 'echo line 1 of $0 is wrong >&2; exit 3' %s"},
        ])
        self.assertEqual(answer["msg"], "{0} was not written, since sh refuses it: line 1 of {0} is wrong".format(self.at("second")))
        self.assertEqual(sorted(os.listdir(self.top)), ["first", "second"])
        self.assertEqual(self.read("first") + self.read("second"), "old\nold\n")

    def test_links(self):
        os.mkdir(self.at("disk"))
        for name in ("directory", "file"):
            os.symlink("disk", self.at(name))
        made = self.run_module([
            {"path": self.at("directory"), "state": "directory", "mode": "0711"},
            {"path": self.at("file"), "text": "text\n"},
        ])
        self.assertTrue(made["changed"])
        self.assertTrue(os.path.islink(self.at("directory")))
        self.assertEqual(os.stat(self.at("disk")).st_mode & 0o777, 0o711)
        self.assertFalse(os.path.islink(self.at("file")))
        self.assertEqual(os.listdir(self.at("disk")), [])
        refused = self.run_module([{"path": self.at("directory"), "state": "directory", "follow": False}])
        self.assertEqual(refused["msg"], self.at("directory") + " is there, and is no directory: move it away")

    def test_directories_above_are_like_it_whatever_umask_is(self):
        self.addCleanup(os.umask, os.umask(0o077))
        self.run_module([{"path": self.at("a", "b", "c"), "state": "directory", "mode": "0755"}])
        self.assertEqual([os.stat(self.at(*path)).st_mode & 0o777 for path in (("a",), ("a", "b"), ("a", "b", "c"))], [0o755] * 3)

    def test_what_is_in_the_way(self):
        os.mkdir(self.at("a"))
        self.assertEqual(self.run_module([{"path": self.at("a"), "text": "x"}])["msg"], self.at("a") + " is there, and is no file: move it away")

    def test_in_check_mode_owner_and_group_need_not_be_there(self):
        for entry in ({"owner": "nobody-has-this-name"}, {"group": "nobody-has-this-name"}):
            self.assertTrue(self.run_module([dict(entry, path=self.at("x"), text="")], check=True)["changed"])
            self.assertIn("nobody-has-this-name", self.run_module([dict(entry, path=self.at("x"), text="")])["msg"])
        self.assertEqual(os.listdir(self.top), [])


if __name__ == "__main__":
    unittest.main()
