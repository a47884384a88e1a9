"""Finds what is wrong with the variables of a host. What it does is in plugin_utils; here the values are got."""

from __future__ import annotations

import difflib
import getpass
import os
import re

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.apxr.slipway.plugins.plugin_utils import people, settings, specs

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 any text may be a template
    def trust_as_template(text):
        return text

INTERNAL_FILES = (".yml", ".yaml", ".json", "")


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        roles = self._task.args["roles"]
        given = {name: value for name, value in task_vars.items() if name.startswith("slipway_")}
        places = Places(task_vars.get("inventory_dir"))

        values, found = self._evaluate(roles, given, task_vars)
        found += unknown(given)
        found += invalid(roles, values, given)
        found += people.mistakes(values, self._login(task_vars))
        found += settings.mistakes(values, "web_server" in roles, "build_server" in roles)

        result["changed"] = False
        result["mistakes"] = list(dict.fromkeys(
            "{0}: {1} ({2})".format(name, said, places.of(name)) for name, said in found))
        result["ports"] = wanted_ports(values) if "web_server" in roles else []
        result["place"] = {
            "app": str(values.get("slipway_app", "")), "directory": str(values.get("slipway_deploy_to", "")),
            "units": units(values), "node_address": str(values.get("slipway_node_address") or ""),
        }
        return result

    def _login(self, task_vars):
        if self._play_context.connection == "local" or task_vars.get("ansible_connection") == "local":
            return getpass.getuser()
        return task_vars.get("ansible_user") or self._play_context.remote_user or getpass.getuser()

    def _evaluate(self, roles, given, task_vars):
        """The values of all variables that the roles know, and those that have none."""
        defaults = trusted(specs.defaults(roles))
        raw = dict(defaults, **given)
        variables = dict(defaults, **task_vars)
        values, found = {}, []
        known = {name for role in roles for name in specs.options(role)}
        with self._templar.set_temporary_context(available_variables=variables):
            for name in sorted(known & set(raw)):
                try:
                    values[name] = self._templar.template(raw[name])
                except AnsibleError as error:
                    # A variable that is missing is told by itself; the rest of the message may have a secret in it.
                    missing = re.findall(r"'(\w+)' is undefined", str(error))
                    # A default may need what is asked of the host later.
                    if name in given:
                        found.append((name, "cannot be evaluated: " + ("{0} is not defined".format(missing[0]) if missing else "see its Jinja expression")))
        return values, found


def trusted(value):
    """A value of this collection's own files, in which Ansible may evaluate templates."""
    if isinstance(value, dict):
        return {name: trusted(one) for name, one in value.items()}
    if isinstance(value, list):
        return [trusted(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) else value


class Places:
    """Where a variable stands: the file and line of the inventory, or the file where it usually does."""

    def __init__(self, inventory):
        self._lines = {}
        for place in ("group_vars", "host_vars"):
            for directory, _dirs, names in os.walk(os.path.join(inventory or "", place) if inventory else ""):
                for name in sorted(names):
                    if os.path.splitext(name)[1] in INTERNAL_FILES:
                        self._read(os.path.join(directory, name), inventory)

    def _read(self, path, inventory):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r"\s*[\"']?(slipway_\w+)[\"']?\s*:", line)
                    if match:
                        self._lines.setdefault(match.group(1), []).append("{0}:{1}".format(os.path.relpath(path, inventory), number))
        except OSError:
            return

    def of(self, name):
        if name in self._lines:
            return ", ".join(self._lines[name])
        role = specs.known().get(name)
        return "usually in " + specs.FILES[role] if role else "in a file of the inventory or on the command line"


def unknown(given):
    known = specs.known()
    for name in sorted(set(given) - set(known)):
        close = difflib.get_close_matches(name, known, 1, 0.6)
        yield name, "there is no such variable" + ("; did you mean {0}?".format(close[0]) if close else ": see docs/setup-variables.md")


def invalid(roles, values, given):
    for role in roles:
        for name, spec in specs.options(role).items():
            # A default is the collection's own business.
            if name not in given and not spec.get("required"):
                continue
            one = {name: values[name]} if name in values else {}
            if name in given and not one:
                continue  # it cannot be evaluated, which was said
            checked = ArgumentSpecValidator({name: spec}).validate(one)
            for said in checked.error_messages:
                yield name, "is missing" if not one else plain(name, said)


def plain(name, said):
    """A message of Ansible's in the words of a file."""
    said = re.sub(r"^(argument|Elements value for option) '?{0}'? ".format(name), "", said)
    said = re.sub(r"is of type <class '(?:ansible\.\S*\.)?(?:Ansible)?(\w+)'>(?: found in '\S+'\.?)? and we were unable to convert to (\w+).*", r"has to be of type \2, but is \1", said, flags=re.S)
    return said


def units(values):
    return [unit for unit in values.get("slipway_units") or [] if isinstance(unit, str)]


def wanted_ports(values):
    wanted = [(values.get(name), name, units(values)) for name in ("slipway_port", "slipway_tls_port")]
    redirects = values.get("slipway_redirects")
    wanted += [(port, "slipway_redirects", units(values)) for port in (redirects if isinstance(redirects, dict) else ())]
    if values.get("slipway_node_address"):
        wanted.append((4369, "slipway_node_address", ["slipway-epmd.service", "epmd.service", "epmd.socket"]))
    return [{"port": settings.number(port), "variable": name, "units": units} for port, name, units in wanted if settings.number(port)]
