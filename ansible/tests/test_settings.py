import unittest

import collection  # noqa: F401
from ansible_collections.apxr.slipway.plugins.filter import quoting
from ansible_collections.apxr.slipway.plugins.plugin_utils import machine, settings

GOOD = {
    "slipway_app": "apxr_io", "slipway_org": "apxr", "slipway_deploy_user": "deploy", "slipway_app_user": "apxr_io",
    "slipway_deploy_to": "/opt/apxr/apxr_io", "slipway_units": ["apxr_io.service"], "slipway_port": 4001, "slipway_tls_port": "",
    "slipway_node_address": "127.0.0.1", "slipway_cookie": "0123456789abcdef0123", "slipway_redirects": {80: 4001},
}


class SettingsTest(unittest.TestCase):
    def found(self, **other):
        return ["{0}: {1}".format(*one) for one in settings.mistakes(dict(GOOD, **other), True, True)]

    def test_good(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(slipway_tls_port="4443", slipway_redirects={"80": "4001", "443": "4443"}), [])
        self.assertEqual(self.found(slipway_node_address="", slipway_cookie=""), [])

    def test_mistakes(self):
        for said, other in (
            ("slipway_app: ", {"slipway_app": "Apxr io"}),
            ("slipway_deploy_to: ", {"slipway_deploy_to": "/opt/../etc"}),
            ("slipway_deploy_to: ", {"slipway_deploy_to": "/opt"}),
            ("slipway_app_user: is the deploy user too", {"slipway_app_user": "deploy"}),
            ("slipway_units: is empty", {"slipway_units": []}),
            ("slipway_units: 'a.service, ALL' has", {"slipway_units": ["a.service, ALL"]}),
            ("slipway_port: 80 is a port that only root", {"slipway_port": 80}),
            ("slipway_port: 'http' has", {"slipway_port": "http"}),
            ("slipway_node_address: 'localhost' has", {"slipway_node_address": "localhost"}),
            ("slipway_cookie: is missing", {"slipway_cookie": ""}),
            ("slipway_cookie: has to be 20", {"slipway_cookie": "short"}),
            ("slipway_environment: '1A' cannot", {"slipway_environment": {"1A": "x"}}),
            ("slipway_environment: A has a line break", {"slipway_environment": {"A": "x\ny"}}),
            ("slipway_secret_environment: RELEASE_ROOT cannot be set", {"slipway_secret_environment": {"RELEASE_ROOT": "x"}}),
            ("slipway_unit_environment: b.service is not in", {"slipway_unit_environment": {"b.service": {}}}),
            ("slipway_redirects: 80 leads to 4002", {"slipway_redirects": {80: 4002}}),
            ("slipway_firewall_allow: 'home' has", {"slipway_firewall_allow": [{"port": 1, "from": "home"}]}),
            ("slipway_mise_checksum: ", {"slipway_tool_manager": "mise"}),
            ("slipway_tools: needs a manager", {"slipway_tool_manager": "none", "slipway_tools": [{"name": "erlang", "version": "27"}]}),
            ("slipway_migrate_command: a release of rebar3", {"slipway_release_tool": "rebar3", "slipway_migrate_command": "1."}),
            ("slipway_git_key: is no private", {"slipway_git_key": "ssh-ed25519 AAAA"}),
        ):
            self.assertTrue([one for one in self.found(**other) if one.startswith(said)], (said, self.found(**other)))

    def test_no_secret_is_repeated(self):
        found = self.found(slipway_cookie="canary", slipway_secret_environment={"A": "canary\n"}, slipway_git_key="canary")
        self.assertEqual(len(found), 3)
        self.assertNotIn("canary", "".join(found))


class QuotingTest(unittest.TestCase):
    def test_environment(self):
        self.assertEqual(quoting.environment_value('a"b\\c$d`e %f\'g'), '"a\\"b\\\\c\\$d\\`e %f\'g"')
        self.assertEqual(quoting.environment_value(True), '"true"')

    def test_exec(self):
        self.assertEqual(quoting.exec_word('A.b("100% $x \\n")'), '"A.b(\\"100%% $$x \\\\n\\")"')

    def test_line_breaks_are_refused_and_not_repeated(self):
        for quote in (quoting.environment_value, quoting.exec_word):
            with self.assertRaises(Exception) as caught:
                quote("canary\nB=1")
            self.assertNotIn("canary", str(caught.exception))


class MachineTest(unittest.TestCase):
    SEEN = {"python": "python3 3.11", "id": "debian", "like": "", "uid": "0", "init": "systemd", "systemd": "252", "slipway": "here"}

    def found(self, **other):
        lines = ["{0}={1}".format(*item) for item in dict(self.SEEN, **other).items()]
        return machine.machine_mistakes({"stdout_lines": lines}, "ada")

    def test_good(self):
        for other in ({}, {"id": "ubuntu", "like": "debian"}, {"id": "rocky", "like": "rhel centos fedora"}):
            self.assertEqual(self.found(**other), [])

    def test_all_mistakes_at_once(self):
        found = " | ".join(self.found(python="", id="alpine", init="init", systemd=""))
        for said in ("no Python", "systemd does not run there (process 1 is init)", "alpine, is not supported"):
            self.assertIn(said, found)

    def test_old_versions(self):
        self.assertIn("needs 3.7", self.found(python="python3 3.6")[0])
        self.assertIn("systemd 239 is too old", self.found(systemd="239")[0])

    def test_no_answer(self):
        self.assertIn("cannot be reached: timed out", machine.machine_mistakes({"unreachable": True, "msg": "timed\n out"}, "ada")[0])
        self.assertIn("ada cannot become root there: sudo: a password is required", machine.machine_mistakes({"stderr": "sudo: a password is required\n"}, "ada")[0])

    def test_a_host_that_does_not_say_who_listens(self):
        self.assertEqual(machine.unheard({"skipped": True}), [])
        self.assertEqual(machine.unheard({"listeners": []}), [])
        self.assertEqual(machine.unheard({"applications": []}), [])
        self.assertIn("who has its ports: MODULE FAILURE no /proc", machine.unheard({"msg": "MODULE FAILURE", "module_stderr": "no /proc"})[0])

    def test_ports(self):
        wanted = [{"port": 80, "variable": "slipway_redirects", "units": ["apxr_io.service"]},
                  {"port": 4001, "variable": "slipway_port", "units": ["apxr_io.service"]},
                  {"port": 4369, "variable": "slipway_node_address", "units": ["slipway-epmd.service"]}]
        listeners = [{"port": 80, "pid": 7, "process": "nginx", "unit": "nginx.service"},
                     {"port": 4001, "pid": 8, "process": "beam.smp", "unit": "apxr_io.service"},
                     {"port": 4369, "pid": 9, "process": "epmd", "unit": "session-1.scope"},
                     {"port": 22, "pid": 1, "process": "systemd", "unit": "ssh.socket"}]
        found = machine.taken_ports(wanted, listeners)
        self.assertEqual(len(found), 2, found)
        self.assertIn("port 80 (slipway_redirects) is taken by nginx (process 7, nginx.service): `systemctl disable --now nginx.service`", found[0])
        self.assertIn("port 4369 (slipway_node_address) is taken by epmd (process 9, session-1.scope): end it", found[1])

    def test_applications_share_a_host(self):
        place = {"app": "shop", "directory": "/opt/apxr/shop", "units": ["shop.service"], "node_address": "10.0.0.5"}
        wanted = [{"port": 80, "variable": "slipway_redirects", "units": []}, {"port": 4001, "variable": "slipway_port", "units": []}]
        own = {"app": "shop", "directory": "/opt/apxr/shop", "units": ["shop.service"], "ports": [80, 4001], "node_address": "127.0.0.1"}
        good = {"app": "stall", "directory": "/opt/apxr/stall", "units": ["stall.service"], "ports": [8080, 4101], "node_address": "10.0.0.5"}
        for others in ([], [own], [own, good], [dict(own, directory="")], [dict(good, node_address="")]):
            self.assertEqual(machine.neighbours(wanted, place, others), [])
        self.assertEqual(machine.neighbours(wanted, dict(place, node_address=""), [good]), [])
        found = machine.neighbours(wanted, place, [dict(own, directory="/srv/shop"), dict(good, units=["shop.service"], ports=[80, 4001], node_address="127.0.0.1")])
        for said, start in zip(found, ("slipway_app: shop is set up already below /srv/shop, ", "slipway_units: shop.service belongs to the application stall",
                                       "port 80 (slipway_redirects) belongs to the application stall", "port 4001 (slipway_port) belongs", "slipway_node_address: the nodes of")):
            self.assertTrue(said.startswith(start), said)
        self.assertEqual(len(found), 5, found)
