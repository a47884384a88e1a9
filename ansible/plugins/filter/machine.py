"""What is wrong with a host, as lists of texts."""

from __future__ import annotations

from ansible_collections.apxr.slipway.plugins.plugin_utils.machine import machine_mistakes, neighbours, taken_ports, unheard


class FilterModule:
    def filters(self):
        return {"machine_mistakes": machine_mistakes, "neighbours": neighbours, "taken_ports": taken_ports, "unheard": unheard}
