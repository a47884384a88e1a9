import unittest

import collection  # noqa: F401
from ansible_collections.apxr.slipway.plugins.plugin_utils import people

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@laptop"


def values(**other):
    good = {
        "slipway_users": [{"name": "ada", "keys": [KEY]}, {"name": "bob", "keys": [KEY]}],
        "slipway_admins": ["ada"], "slipway_deployers": ["bob"], "slipway_deploy_keys": [KEY], "slipway_revoked_users": [],
        "slipway_deploy_user": "deploy", "slipway_app_user": "apxr_io",
    }
    return dict(good, **other)


class KeyTest(unittest.TestCase):
    def test_good_keys(self):
        for line in (KEY, 'from="10.0.0.1" ' + KEY, KEY.rsplit(" ", 1)[0]):
            self.assertEqual(people.key_mistake(line), "", line)

    def test_bad_keys_say_what_is_wrong(self):
        for line, said in (
            ("", "empty"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0", "private key"),
            (KEY + "\n" + KEY, "several lines"),
            ("ada@laptop", "no public SSH key"),
            ("ssh-ed25519", "cut off"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkV ada", "cut off"),
            ("ssh-ed25519 AAAA!!!", "damaged"),
            (KEY.replace("ssh-ed25519", "ssh-rsa", 1), "it says ssh-rsa and holds ssh-ed25519"),
        ):
            self.assertIn(said, people.key_mistake(line), line)

    def test_a_private_key_is_not_repeated(self):
        self.assertNotIn("c2VjcmV0", people.key_mistake("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0"))


class ListTest(unittest.TestCase):
    def found(self, login="root", **other):
        return ["{0}: {1}".format(*one) for one in people.mistakes(values(**other), login)]

    def test_good(self):
        self.assertEqual(self.found(), [])

    def test_mistakes(self):
        for said, other in (
            ("slipway_admins: no admin is left", {"slipway_admins": []}),
            ("slipway_admins: no admin is left", {"slipway_revoked_users": ["ada"]}),
            ("slipway_admins: no admin is left", {"slipway_users": [{"name": "ada", "keys": ["x"]}, {"name": "bob", "keys": [KEY]}]}),
            ("slipway_deployers: eve is not in slipway_users", {"slipway_deployers": ["eve"]}),
            ("slipway_admins: eve is not in slipway_users", {"slipway_admins": ["ada", "eve"]}),
            ("slipway_revoked_users: deploy is the deploy user", {"slipway_revoked_users": ["deploy"]}),
            ("slipway_revoked_users: apxr_io is the application's user", {"slipway_revoked_users": ["apxr_io"]}),
            ("slipway_users: deploy is the deploy user", {"slipway_users": [{"name": "ada", "keys": [KEY]}, {"name": "bob", "keys": [KEY]}, {"name": "deploy", "keys": [KEY]}]}),
            ("slipway_users: ada is there twice", {"slipway_users": [{"name": "ada", "keys": [KEY]}, {"name": "ada", "keys": [KEY]}, {"name": "bob", "keys": [KEY]}]}),
            ("slipway_users: key 1 of bob is no public SSH key", {"slipway_users": [{"name": "ada", "keys": [KEY]}, {"name": "bob", "keys": ["nonsense here"]}]}),
            ("slipway_users: bob has no key", {"slipway_users": [{"name": "ada", "keys": [KEY]}, {"name": "bob", "keys": []}]}),
            ("slipway_deploy_keys: key 1 is", {"slipway_deploy_keys": ["nonsense here"]}),
        ):
            self.assertTrue([one for one in self.found(**other) if one.startswith(said)], (said, self.found(**other)))

    def test_who_logs_in_is_not_revoked(self):
        found = self.found(login="bob", slipway_revoked_users=["bob"])
        self.assertTrue([one for one in found if "lock itself out" in one], found)

    def test_somebody_revoked_may_still_be_named(self):
        self.assertEqual(self.found(slipway_revoked_users=["bob", "gone"]), [])

    def test_wrong_types_are_left_to_the_argument_specs(self):
        people_found = self.found(slipway_users="ada", slipway_admins=None)
        self.assertTrue(people_found)
