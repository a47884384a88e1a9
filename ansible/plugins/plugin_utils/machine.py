"""What is wrong with a host, from what the preflight saw there. Pure: it asks no host."""

from __future__ import annotations

FAMILIES = {"debian": "Debian", "ubuntu": "Debian", "rhel": "RedHat", "fedora": "RedHat", "centos": "RedHat"}
OLDEST_SYSTEMD = 247
OLDEST_PYTHON = (3, 7)


def machine_mistakes(asked, user):
    """What is wrong with a host, from the result of the first task."""
    if asked.get("unreachable"):
        return ["cannot be reached: {0}".format(" ".join(str(asked.get("msg", "")).split()))]
    seen = dict(line.split("=", 1) for line in asked.get("stdout_lines") or [] if "=" in line)
    if seen.get("slipway") != "here":
        said = [asked.get(name) for name in ("msg", "stderr", "module_stderr", "stdout", "module_stdout")]
        return ["{0} cannot become root there: {1}. Give the user sudo without a password, or log in as root: ansible_user".format(
            user, " ".join(" ".join(str(text).split()) for text in said if text) or "no answer")]
    return [said for said in (root(seen), python(seen), systemd(seen), distribution(seen)) if said]


def root(seen):
    return "" if seen.get("uid") == "0" else "setup does not run as root there: leave ansible_become alone"


def python(seen):
    path, _, version = seen.get("python", "").partition(" ")
    if not version:
        return "there is no Python, which setup needs there: install it (apt-get install python3, dnf install python3)"
    if tuple(int(part) for part in version.split(".")) < OLDEST_PYTHON:
        return "{0} is Python {1}, and setup needs {2}.{3}: install a newer one and name it as ansible_python_interpreter".format(path, version, *OLDEST_PYTHON)
    return ""


def systemd(seen):
    version = seen.get("systemd", "").split(".")[0]
    if seen.get("init") != "systemd" or not version.isdigit():
        return "systemd does not run there (process 1 is {0}): Slipway needs a host that systemd boots".format(seen.get("init") or "unknown")
    if int(version) < OLDEST_SYSTEMD:
        return "systemd {0} is too old: the units need {1}".format(version, OLDEST_SYSTEMD)
    return ""


def distribution(seen):
    names = [seen.get("id", "")] + seen.get("like", "").split()
    if any(name in FAMILIES for name in names):
        return ""
    return "its distribution, {0}, is not supported: take Debian, Ubuntu or one like Red Hat Enterprise Linux".format(seen.get("id") or "unknown")


def taken_ports(wanted, listeners):
    """What listens on ports that the application is to have, and is not the application."""
    found = []
    for want in wanted:
        for entry in listeners:
            if entry["port"] == want["port"] and entry["unit"] not in want["units"]:
                found.append("port {0} ({1}) is taken by {2}: {3}".format(want["port"], want["variable"], who(entry), remedy(want, entry)))
    return found


def neighbours(wanted, place, applications):
    """What other applications of the host have that this one is to have. Those that run are among the listeners too."""
    found = []
    for other in applications:
        if other["app"] != place["app"]:
            found += [said + ". Or take {0} off the server: docs/hosts.md".format(other["app"]) for said in wanted_twice(wanted, place, other)]
        elif other["directory"] not in ("", place["directory"]):
            found.append(namesake(other))
    return found


def wanted_twice(wanted, place, other):
    who = "the application {0} of this host".format(other["app"])
    for unit in place["units"]:
        if unit in other["units"]:
            yield "slipway_units: {0} belongs to {1}: take another name".format(unit, who)
    for want in wanted:
        if want["port"] in other["ports"]:
            yield "port {0} ({1}) belongs to {2}: set {1} to another port".format(want["port"], want["variable"], who)
    if place["node_address"] and other["node_address"] not in ("", place["node_address"]):
        yield "slipway_node_address: the nodes of {0} are at {1}, and a host has one epmd: give both the same address".format(who, other["node_address"])


def namesake(other):
    return ("slipway_app: {0} is set up already below {1}, with a unit, a user and /etc/slipway/{0} of that name: give one of the two another name. "
            "If it is the same one and has moved, remove /etc/slipway/{0}/setup first".format(other["app"], other["directory"]))


def unheard(found):
    """That a host did not say who has its ports, from the result of a task that asks; nothing if it was not asked."""
    if found.get("skipped") or "listeners" in found or "applications" in found:
        return []
    said = " ".join(str(found.get(name, "")) for name in ("msg", "module_stderr")).split()
    return ["it does not say who has its ports: {0}".format(" ".join(said) or "no answer")]


def who(entry):
    if not entry["pid"]:
        return "a process that cannot be seen, in a container say"
    if entry["pid"] == 1 and entry["unit"]:
        return entry["unit"]
    said = "{0} (process {1}".format(entry["process"], entry["pid"])
    return said + (", {0})".format(entry["unit"]) if entry["unit"] else ")")


def remedy(want, entry):
    unit = entry["unit"]
    end = "`systemctl disable --now {0}`".format(unit) if unit.endswith((".service", ".socket")) and not unit.startswith("user@") else "end it"
    if want["port"] == 4369:
        return "{0}, or set slipway_node_address to \"\"; setup starts an epmd of its own".format(end)
    return "{0}, or set {1} to another port".format(end, want["variable"])
