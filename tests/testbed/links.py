"""The link between the machine and an instance: one pair of interfaces, one route to the pods."""

import contextlib
from pathlib import Path

from tests.testbed.errors import TestbedError
from tests.testbed.instance import Instance
from tests.testbed.shell import run


def exists(name: str) -> bool:
    return Path("/sys/class/net", name).exists()


def connect(instance: Instance) -> None:
    """Make the pair and the route; no address of this machine changes, and none beyond it becomes reachable."""
    at = instance.addresses
    if exists(instance.link):
        return
    pid = str(instance.init_pid)
    pair = [instance.link, "type", "veth", "peer", "name", instance.peer_link, "netns", pid]
    run(["ip", "link", "add", *pair])
    inside = ["nsenter", "--target", pid, "--net", "ip"]
    run([*inside, "addr", "add", f"{at.node_ip}/30", "dev", instance.peer_link])
    run([*inside, "link", "set", instance.peer_link, "up"])
    run(["ip", "addr", "add", f"{at.host_ip}/30", "dev", instance.link])
    run(["ip", "link", "set", instance.link, "up"])
    run(["ip", "route", "replace", at.pod_cidr, "via", at.node_ip])


def disconnect(instance: Instance) -> None:
    """Remove the pair; its addresses and routes go with it."""
    # It also goes by itself, a moment after the namespace: then there is nothing to remove.
    with contextlib.suppress(TestbedError):
        run(["ip", "link", "del", instance.link])
    if exists(instance.link):
        raise TestbedError(f"The link {instance.link} cannot be removed; look at `ip link show {instance.link}`.")
