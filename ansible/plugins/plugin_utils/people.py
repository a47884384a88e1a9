"""What is wrong with the lists of people and keys. Pure: it knows values, not hosts."""

from __future__ import annotations

import base64
import binascii
import re
import struct

KEY_TYPES = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)
NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}\Z")


def key_mistake(line):
    """What is wrong with a line of authorized_keys; empty if nothing is. A private key is not repeated."""
    if not isinstance(line, str) or not line.strip():
        return "is empty"
    if "PRIVATE KEY" in line:
        return "is a private key: give the line of the .pub file, and take a new key if others could read this one"
    if "\n" in line.strip():
        return "has several lines: give each key as an entry of its own"
    words = line.split()
    kinds = [place for place, word in enumerate(words) if word in KEY_TYPES]
    if not kinds:
        return "is no public SSH key: it has to begin with one of {0}".format(", ".join(KEY_TYPES[:2])) + " and the like"
    if len(words) < kinds[0] + 2:
        return "is cut off: nothing follows {0}".format(words[kinds[0]])
    return blob_mistake(words[kinds[0]], words[kinds[0] + 1])


def blob_mistake(kind, blob):
    try:
        data = base64.b64decode(blob, validate=True)
        size = struct.unpack(">I", data[:4])[0]
        inner = data[4:4 + size].decode("ascii")
    except (binascii.Error, ValueError, struct.error):
        return "is damaged: copy the whole line of the .pub file"
    if inner != kind:
        return "is damaged: it says {0} and holds {1}".format(kind, inner if inner in KEY_TYPES else "something else")
    if not complete(data):
        return "is cut off: copy the whole line of the .pub file"
    return ""


def complete(data):
    """Whether the last of the strings that a key consists of is all there."""
    place, parts = 0, 0
    while place + 4 <= len(data):
        place += 4 + struct.unpack(">I", data[place:place + 4])[0]
        parts += 1
    return place == len(data) and parts > 1


def listing(values, name):
    """A list of dicts or texts, whatever it was given as; other checks tell that it is none."""
    value = values.get(name)
    return value if isinstance(value, list) else []


def people_of(values):
    return [person for person in listing(values, "slipway_users") if isinstance(person, dict) and isinstance(person.get("name"), str)]


def keys_of(person):
    return person.get("keys") if isinstance(person.get("keys"), list) else []


def mistakes(values, login):
    """All mistakes, each as the variable and what is wrong with it. login is who setup logs in as."""
    found = []
    found += wrong_keys(values)
    found += wrong_names(values)
    found += unknown_names(values)
    found += wrong_revocations(values, login)
    found += no_admin(values)
    return found


def wrong_keys(values):
    for person in people_of(values):
        if not keys_of(person) and person["name"] not in listing(values, "slipway_revoked_users"):
            yield "slipway_users", "{0} has no key, and could not log in".format(person["name"])
        for number, key in enumerate(keys_of(person), 1):
            if key_mistake(key):
                yield "slipway_users", "key {0} of {1} {2}".format(number, person["name"], key_mistake(key))
    for number, key in enumerate(listing(values, "slipway_deploy_keys"), 1):
        if key_mistake(key):
            yield "slipway_deploy_keys", "key {0} {1}".format(number, key_mistake(key))


def wrong_names(values):
    names = [person["name"] for person in people_of(values)]
    own = {values.get("slipway_deploy_user"): "the deploy user", values.get("slipway_app_user"): "the application's user", "root": "root"}
    for name in dict.fromkeys(names):
        if not NAME.match(name):
            yield "slipway_users", "{0!r} cannot be the name of an account: take small letters, digits, - and _".format(name)
        if names.count(name) > 1:
            yield "slipway_users", "{0} is there twice: join the entries".format(name)
        if name in own:
            yield "slipway_users", "{0} is {1}, which is no person: take it off the list; slipway_deployers and slipway_deploy_keys say whose keys log in as the deploy user".format(name, own[name])


def unknown_names(values):
    known = {person["name"] for person in people_of(values)}
    revoked = listing(values, "slipway_revoked_users")
    for variable in ("slipway_admins", "slipway_deployers"):
        for name in listing(values, variable):
            if name not in known and name not in revoked:
                yield variable, "{0} is not in slipway_users: add the person there, or take the name off".format(name)


def wrong_revocations(values, login):
    own = {"root": "root", values.get("slipway_deploy_user"): "the deploy user", values.get("slipway_app_user"): "the application's user"}
    for name in listing(values, "slipway_revoked_users"):
        if name in own:
            yield "slipway_revoked_users", "{0} is {1}: it cannot be revoked".format(name, own[name])
        elif name == login:
            yield "slipway_revoked_users", "{0} is who setup logs in as: it would lock itself out. Log in as another admin: ansible_user".format(name)


def no_admin(values):
    revoked = listing(values, "slipway_revoked_users")
    admins = [person for person in people_of(values)
              if person["name"] in listing(values, "slipway_admins") and person["name"] not in revoked]
    if not any(not key_mistake(key) for person in admins for key in keys_of(person)):
        yield "slipway_admins", "no admin is left who could log in: name somebody of slipway_users who has a valid key and is not in slipway_revoked_users"
