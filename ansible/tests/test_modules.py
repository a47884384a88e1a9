import os
import pwd
import tempfile
import unittest

import collection  # noqa: F401
from ansible_collections.apxr.slipway.plugins.module_utils import applications, sockets, users
from ansible_collections.apxr.slipway.plugins.modules import authorized_keys, stamp

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


class SocketsTest(unittest.TestCase):
    """A /proc of its own: port 80 of process 12 in a unit, port 4369 held by systemd and by the service that it started."""

    def setUp(self):
        self._dir = tempfile.TemporaryDirectory()
        self.addCleanup(self._dir.cleanup)
        self.proc = self._dir.name
        row = "   0: {0}:{1} 00000000:0000 {2} 00000000:00000000 00:00000000 00000000     0        0 {3} 1 x\n"
        self.write("net/tcp", "header\n" + row.format("0100007F", "0050", "0A", 111) + row.format("0100007F", "0051", "01", 222))
        self.write("net/tcp6", "header\n" + row.format("0" * 32, "1111", "0A", 333))
        self.process(1, "systemd", "0::/init.scope", [333])
        self.process(12, "nginx", "0::/system.slice/nginx.service", [111])
        self.process(30, "epmd", "1:name=systemd:/machine/system.slice/epmd.service\n0::/", [333])

    def write(self, name, text):
        path = os.path.join(self.proc, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def process(self, pid, name, cgroup, inodes):
        self.write("{0}/comm".format(pid), name + "\n")
        self.write("{0}/cgroup".format(pid), cgroup + "\n")
        os.makedirs(os.path.join(self.proc, str(pid), "fd"))
        for number, inode in enumerate(inodes):
            os.symlink("socket:[{0}]".format(inode), os.path.join(self.proc, str(pid), "fd", str(number)))

    def test_listeners(self):
        self.assertEqual(sockets.listeners(self.proc), [
            {"port": 80, "pid": 12, "process": "nginx", "unit": "nginx.service"},
            {"port": 4369, "pid": 30, "process": "epmd", "unit": "epmd.service"},
        ])


class ApplicationsTest(unittest.TestCase):
    def test_none(self):
        self.assertEqual(applications.applications("/no/such/directory"), [])

    def test_what_setup_wrote(self):
        with tempfile.TemporaryDirectory() as top:
            for name, text in {
                "shop/setup": "format 1\ndirectory 2750 deploy shop /opt/apxr/shop\ndirectory 2750 deploy shop /opt/apxr/shop/releases\n"
                              "directory 755 root root /opt/apxr\nfile 644 root root - /x.service\nunit shop.service\nunit slipway-epmd.service\n",
                "shop/environment": 'SPORT="1"\nPORT="4001"\nTLS_PORT="4443"\nRELEASE_NODE="shop@10.0.0.5"\nSECRET_KEY="canary"\n',
                "firewall.d/shop.nft": "\t\tfib daddr type local tcp dport 80 redirect to :4001\n\t\ttcp dport 9100 accept\n",
                "half/environment": 'PORT="4002"\n',  # a setup that did not come to its end
                "bare/setup": "format 1\n",
            }.items():
                path = os.path.join(top, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="ascii") as file:
                    file.write(text)
            self.assertEqual(applications.applications(top), [
                {"app": "bare", "directory": "", "units": [], "ports": [], "node_address": ""},
                {"app": "shop", "directory": "/opt/apxr/shop", "units": ["shop.service"], "ports": [80, 4001, 4443], "node_address": "10.0.0.5"},
            ])


class KeysTest(unittest.TestCase):
    def test_whole_file_without_revoked_and_repeated_keys(self):
        other = KEY[:-4] + "abcd"
        text = authorized_keys.text_of([KEY + " a", KEY + " b", other + " eve"], [other])
        self.assertEqual(text, authorized_keys.HEADER + KEY + " a\n")

    def test_update(self):
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, ".ssh", "authorized_keys")
            self.assertEqual(authorized_keys.update(path, "new\n", True), ["", True])
            self.assertFalse(os.path.exists(path))
            self.assertEqual(authorized_keys.update(path, "new\n", False), ["", True])
            self.assertEqual(authorized_keys.update(path, "new\n", False), ["new\n", False])
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            os.chmod(path, 0o644)
            self.assertEqual(authorized_keys.update(path, "new\n", False), ["new\n", True])

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_links_of_a_user_lead_root_nowhere(self):
        user = pwd.getpwnam("nobody")
        with tempfile.TemporaryDirectory() as top:
            os.chmod(top, 0o755)
            home, roots = os.path.join(top, "home"), os.path.join(top, "roots")
            os.mkdir(home)
            os.chown(home, user.pw_uid, user.pw_gid)
            os.mkdir(roots, 0o755)
            os.symlink(roots, os.path.join(home, ".ssh"))
            with self.assertRaisesRegex(RuntimeError, "PermissionError"):
                users.as_user("nobody", lambda: authorized_keys.update(os.path.join(home, ".ssh", "authorized_keys"), "new\n", False))
            self.assertEqual(os.listdir(roots), [])


class StampTest(unittest.TestCase):
    def params(self, **other):
        none = {"files": [], "host_files": [], "directories": [], "units": [], "host_units": [], "keys_of": None, "rules": []}
        return dict(none, **other)

    def test_lines(self):
        with tempfile.TemporaryDirectory() as top:
            for name, mode in (("open", 0o644), ("closed", 0o640)):
                with open(os.path.join(top, name), "w", encoding="ascii") as file:
                    file.write("x")
                os.chmod(os.path.join(top, name), mode)
            made, missing = stamp.lines(self.params(
                files=[os.path.join(top, name) for name in ("open", "closed", "gone")], host_files=[os.path.join(top, "never")],
                directories=[top], units=["b.service"], rules=["root /usr/bin/true"]))
        me = pwd.getpwuid(os.getuid()).pw_name
        self.assertEqual(made, [
            "directory 700 {0} {0} {1}".format(me, top),
            "file 640 {0} {0} - {1}/closed".format(me, top),
            "file 644 {0} {0} 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 {1}/open".format(me, top),
            "rule root /usr/bin/true",
            "unit b.service",
        ])
        self.assertEqual(missing, [os.path.join(top, "gone")])
