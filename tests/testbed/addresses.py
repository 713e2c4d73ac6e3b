"""Addresses of an instance: a slot of its own, so that two can be up side by side."""

import ipaddress
import json
from collections.abc import Collection
from dataclasses import dataclass

from tests.testbed.errors import TestbedError
from tests.testbed.shell import run

# The Service range lies inside the instance's network namespace only, so all instances share it.
SERVICE_CIDR = "10.96.0.0/16"
SERVICE_IP = "10.96.0.1"
SLOTS = 200


@dataclass(frozen=True)
class Addresses:
    """The networks of one slot. The node's address is the one address of everything: API, S3, kubelet."""

    slot: int

    @property
    def link_cidr(self) -> str:
        return f"10.202.{self.slot}.0/30"

    @property
    def host_ip(self) -> str:
        """This machine's end of the link, seen from pods."""
        return f"10.202.{self.slot}.1"

    @property
    def node_ip(self) -> str:
        """The instance's end of the link."""
        return f"10.202.{self.slot}.2"

    @property
    def pod_cidr(self) -> str:
        return f"10.201.{self.slot}.0/24"


def choose(preferred: int, taken: Collection[int]) -> Addresses:
    """Return the first slot from `preferred` on that no instance holds and no route of the machine covers."""
    used = _routed_networks()
    for step in range(SLOTS):
        candidate = Addresses((preferred + step) % SLOTS)
        mine = [ipaddress.ip_network(candidate.link_cidr), ipaddress.ip_network(candidate.pod_cidr)]
        if candidate.slot not in taken and not any(own.overlaps(net) for own in mine for net in used):
            return candidate
    raise TestbedError(
        f"No free addresses: all {SLOTS} slots of 10.201.0.0/16 and 10.202.0.0/16 are routed on this machine; "
        f"take instances down (`python -m tests.testbed down --name NAME`) or end what routes them."
    )


def _routed_networks() -> list[ipaddress.IPv4Network]:
    """Return what the machine's tables route, but for the default route."""
    routes = json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]) or "[]")
    targets = [route["dst"] for route in routes if route.get("dst") not in (None, "default")]
    return [ipaddress.IPv4Network(target, strict=False) for target in targets]
