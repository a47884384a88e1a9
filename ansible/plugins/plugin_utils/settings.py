"""What is wrong with the settings of an application. Pure: it knows values, not hosts."""

from __future__ import annotations

import ipaddress
import re

APP = re.compile(r"[a-z][a-z0-9_]*\Z")
ORG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,30}\Z")
UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.service\Z")
PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}\Z")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
COOKIE = re.compile(r"[A-Za-z0-9_.@+/=-]{20,255}\Z")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# The launcher and the start script of a release set these themselves.
RESERVED = re.compile(r"(SLIPWAY_.*|RELEASE_ROOT|IFS)\Z")

FORMS = {
    "slipway_app": (APP, "has to be the release's name: small letters, digits and _"),
    "slipway_org": (ORG, "has to be letters, digits, ., _ and -"),
    "slipway_deploy_user": (ACCOUNT, "has to be the name of an account"),
    "slipway_app_user": (ACCOUNT, "has to be the name of an account"),
    "slipway_deploy_to": (PATH, "has to be an absolute path of letters, digits, ., _ and -, with a directory above it"),
}


def mistakes(values, web, build=False):
    """All mistakes, each as the variable and what is wrong with it."""
    for name, (form, said) in FORMS.items():
        if isinstance(values.get(name), str) and not form.match(values[name]):
            yield name, "{0!r} {1}".format(values[name], said)
    if values.get("slipway_deploy_user") == values.get("slipway_app_user"):
        yield "slipway_app_user", "is the deploy user too: the application could change its own release"
    if web:
        yield from units(values)
        yield from ports(values)
        yield from node(values)
        yield from environments(values)
        yield from commands(values)
        yield from firewall(values)
    if build:
        yield from tools(values)


def units(values):
    given = values.get("slipway_units")
    if not given:
        yield "slipway_units", "is empty: name the application's unit"
    for name in given or []:
        if not isinstance(name, str) or not UNIT.match(name):
            yield "slipway_units", "{0!r} has to be the name of a unit that ends in .service".format(name)


def number(value):
    """A port as a number; 0 if it is none."""
    text = str(value)
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else 0


def ports(values):
    for name in ("slipway_port", "slipway_tls_port"):
        value = values.get(name)
        if value in ("", None) and name == "slipway_tls_port":
            continue
        if not number(value):
            yield name, "{0!r} has to be a port from 1024 to 65535".format(value)
        elif number(value) < 1024:
            yield name, "{0} is a port that only root may listen on: take one from 1024 on, and let slipway_redirects lead there".format(value)


def node(values):
    address = values.get("slipway_node_address")
    if not address:
        return
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        yield "slipway_node_address", "{0!r} has to be an IPv4 address of the host, or empty for no distribution".format(address)
    cookie = values.get("slipway_cookie")
    if not cookie:
        yield "slipway_cookie", "is missing: make one with `openssl rand -hex 32` and keep it in the vault; or set slipway_node_address to \"\", and there is no distribution"
    elif not COOKIE.match(str(cookie)):
        yield "slipway_cookie", "has to be 20 to 255 letters, digits and . _ - + / = @: make one with `openssl rand -hex 32`"


def environments(values):
    for name in ("slipway_environment", "slipway_secret_environment"):
        yield from environment(name, values.get(name))
    further = values.get("slipway_unit_environment")
    for unit, given in further.items() if isinstance(further, dict) else ():
        if unit not in (values.get("slipway_units") or [])[1:]:
            yield "slipway_unit_environment", "{0} is not in slipway_units, or is the first of them, whose variables are slipway_environment".format(unit)
        yield from environment("slipway_unit_environment", given)


def environment(name, given):
    """Says names alone: a value may be a secret."""
    if not isinstance(given, dict):
        return
    for variable, value in given.items():
        if not isinstance(variable, str) or not VARIABLE.match(variable):
            yield name, "{0!r} cannot be the name of a variable".format(variable)
        elif RESERVED.match(variable):
            yield name, "{0} cannot be set: it is the launcher's".format(variable)
        if isinstance(value, (dict, list)) or value is None:
            yield name, "{0} has to be a text or a number".format(variable)
        elif CONTROL.search(str(value)):
            yield name, "{0} has a line break or another control character: encode it, as base64 say".format(variable)


def commands(values):
    for name in ("slipway_migrate_command", "slipway_eval_command"):
        if CONTROL.search(str(values.get(name) or "")):
            yield name, "has a line break: a unit's command is one line"
        if values.get(name) and values.get("slipway_release_tool") == "rebar3":
            yield name, "a release of rebar3 evaluates expressions in the running node alone: leave it empty, and use before-activate-once"


def firewall(values):
    redirects = values.get("slipway_redirects")
    for port, to in redirects.items() if isinstance(redirects, dict) else ():
        if not number(port) or not number(to):
            yield "slipway_redirects", "{0}: {1} has to be a port and the port that it leads to".format(port, to)
        elif number(to) not in (number(values.get("slipway_port")), number(values.get("slipway_tls_port"))):
            yield "slipway_redirects", "{0} leads to {1}, which is neither slipway_port nor slipway_tls_port".format(port, to)
    for rule in values.get("slipway_firewall_allow") or []:
        if isinstance(rule, dict):
            yield from allowed(rule)


def allowed(rule):
    if not number(rule.get("port")):
        yield "slipway_firewall_allow", "{0!r} has to be a port".format(rule.get("port"))
    try:
        ipaddress.ip_network(rule.get("from") or "0.0.0.0/0", strict=False)
    except ValueError:
        yield "slipway_firewall_allow", "{0!r} has to be an address or a network, such as 10.0.0.0/8".format(rule.get("from"))


SHA256 = re.compile(r"sha256:[0-9a-f]{64}\Z")
TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*\Z")


def tools(values):
    manager = values.get("slipway_tool_manager")
    if manager == "mise" and not SHA256.match(str(values.get("slipway_mise_checksum") or "")):
        yield "slipway_mise_checksum", "has to be sha256: and 64 hexadecimal digits: take them from SHASUMS256.txt of mise's release"
    if manager == "none" and values.get("slipway_tools"):
        yield "slipway_tools", "needs a manager that installs them: set slipway_tool_manager to mise or asdf"
    for tool in values.get("slipway_tools") or []:
        for name in ("name", "version") if isinstance(tool, dict) else ():
            if not TOOL.match(str(tool.get(name) or "x")):
                yield "slipway_tools", "{0!r} cannot be the {1} of a tool".format(tool[name], name)
    key = values.get("slipway_git_key")
    if key and "PRIVATE KEY-----" not in str(key):
        yield "slipway_git_key", "is no private SSH key: it has to be all lines of the file, from BEGIN to END"
    for line in values.get("slipway_git_known_hosts") or []:
        if len(str(line).split()) < 3:
            yield "slipway_git_known_hosts", "{0!r} has to be a line of known_hosts: host, type and key".format(line)
