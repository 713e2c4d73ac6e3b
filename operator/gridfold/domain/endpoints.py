"""Which endpoints the platform allows although they are not the internet's: a list of hosts and networks.

An entry is a host name, with everything below it (buckets stand in front of host names), a network or an address, each
with a port or without one, a URL of these, or `*` for all.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gridfold.api.confidential import told_url

_CLUSTER_DOMAIN = ".cluster.local"
#: A host name or IPv4 address or network, or an IPv6 one in brackets where a port follows.
_PLACE = re.compile(r"(?P<host>[a-z0-9_.*/-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?!.*\.\.)[a-z0-9]([a-z0-9_.-]*[a-z0-9])?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class AllowedEndpoint:
    """One entry of the list."""

    host: str  #: in one spelling; "" where it is a network
    network: Network | None
    port: int | None  #: None: every port

    def allows(self, host: str, address: Address, port: int) -> bool:
        """Tell whether a host, found at an address, may be connected to."""
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        found = one_spelling(host)
        return found == self.host or found.endswith(f".{self.host}")


def parse_allowed(entries: Iterable[str]) -> tuple[AllowedEndpoint, ...]:
    """Return the entries of a list; `*` as two.

    Raises:
        ValueError: one of them is none; the message has it.
    """
    found: list[AllowedEndpoint] = []
    for entry in entries:
        if entry == "*":
            found += [AllowedEndpoint("", ipaddress.ip_network(every), None) for every in ("0.0.0.0/0", "::/0")]
        else:
            found.append(_parse(entry))
    return tuple(found)


def own_services(namespace: str) -> str:
    """Return the entry for the Services of a namespace."""
    return f"{namespace}.svc"


def one_spelling(host: str) -> str:
    """Return a host's name as entries have it: a Service is known by three names."""
    name = host.strip("[]").rstrip(".").lower()
    return name.removesuffix(_CLUSTER_DOMAIN) if name.endswith(f".svc{_CLUSTER_DOMAIN}") else name


def _parse(entry: str) -> AllowedEndpoint:
    scheme, mark, rest = entry.lower().rpartition("://")
    network = _network(rest)
    if network is not None and not mark:
        return AllowedEndpoint("", network, None)
    place = _PLACE.fullmatch(rest.rstrip("/") if mark else rest)
    if place is None or scheme not in {"", *_DEFAULT_PORTS}:
        raise _no_endpoint(entry)
    port = int(place["port"]) if place["port"] else _DEFAULT_PORTS.get(scheme)
    host = one_spelling(place["host"].removeprefix("*."))
    network = _network(host)
    if network is None and (_NAME.fullmatch(host) is None or re.fullmatch(r"[0-9.]+", host)):
        raise _no_endpoint(entry)
    return AllowedEndpoint("" if network else host, network, port)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _no_endpoint(entry: str) -> ValueError:
    return ValueError(
        f"{told_url(entry)!r} is no endpoint; expected a host, host:port, http://host:port, a network such as "
        "10.1.0.0/16, or *"
    )
