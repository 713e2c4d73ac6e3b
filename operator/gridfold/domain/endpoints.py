"""Which endpoints the platform allows: a list of hosts and networks, and nothing beside it.

An entry is a host name, with everything below it (buckets stand in front of host names), a network or an address, or
`public` for all addresses of the internet; each with a port or without one, or a URL of these. `*` is all there is.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gridfold.api.confidential import told_url

#: The entry for every address of the internet. A Service of this name is written with its namespace.
PUBLIC = "public"
#: IPv4 in the last 32 bits: NAT64 (RFC 6052, and RFC 8215 for a site's own), and the obsolete spelling of RFC 4291.
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
_FIRST_IPV4 = 0x10000  # below it, ::/96 has addresses of its own, :: and ::1
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

    text: str  #: as the platform has written it
    host: str  #: in one spelling; "" where it is a network or `public`
    network: Network | None
    port: int | None  #: None: every port

    def allows(self, host: str, address: Address, port: int) -> bool:
        """Tell whether a host, found at an address, may be connected to."""
        if self.port is not None and self.port != port:
            return False
        if self.network is not None:
            return address.version == self.network.version and address in self.network
        return is_below(host, self.host) if self.host else is_public(address)

    def may_allow(self, host: str, port: int) -> bool:
        """Tell whether a name may be one that this allows, wherever it is found."""
        if self.port is not None and self.port != port:
            return False
        # In front of the name that the spec has, a bucket may stand.
        return not self.host or is_below(host, self.host) or is_below(self.host, host)


def parse_allowed(entries: Iterable[str]) -> tuple[AllowedEndpoint, ...]:
    """Return the entries of a list; `*` as two.

    Raises:
        ValueError: one of them is none; the message has it.
    """
    found: list[AllowedEndpoint] = []
    for entry in entries:
        if entry == "*":
            found += [AllowedEndpoint(entry, "", ipaddress.ip_network(every), None) for every in ("0.0.0.0/0", "::/0")]
        else:
            found.append(_parse(entry))
    return tuple(found)


def may_lead_to(url: str, entries: Iterable[AllowedEndpoint]) -> bool:
    """Tell whether a URL may lead to what a list allows; False where its text alone says that it does not.

    A name may be found at any address: where the list has networks, whoever connects will know.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):  # no URL, which others tell
        return True
    try:
        address = plain_address(host)
    except ValueError:
        return any(entry.may_allow(host, port) for entry in entries)
    return any(entry.allows(host, address, port) for entry in entries)


def plain_address(text: str) -> Address:
    """Return an address, of an IPv6 one that stands for an IPv4 address that one.

    Raises:
        ValueError: it is a name.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if int(address) >= _FIRST_IPV4 and any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else address)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the internet's."""
    return address.is_global and not (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)


def is_below(host: str, name: str) -> bool:
    """Tell whether a host has a name, or one below it."""
    found, above = one_spelling(host), one_spelling(name)
    return found == above or found.endswith(f".{above}")


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
        return AllowedEndpoint(entry, "", network, None)
    place = _PLACE.fullmatch(rest.rstrip("/") if mark else rest)
    if place is None or scheme not in {"", *_DEFAULT_PORTS}:
        raise _no_endpoint(entry)
    port = int(place["port"]) if place["port"] else _DEFAULT_PORTS.get(scheme)
    if place["host"] == PUBLIC:
        return AllowedEndpoint(entry, "", None, port)
    host = one_spelling(place["host"].removeprefix("*."))
    network = _network(host)
    if network is None and (_NAME.fullmatch(host) is None or re.fullmatch(r"[0-9.]+", host)):
        raise _no_endpoint(entry)
    return AllowedEndpoint(entry, "" if network else host, network, port)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _no_endpoint(entry: str) -> ValueError:
    return ValueError(
        f"{told_url(entry)!r} is no endpoint; expected a host, host:port, http://host:port, a network such as "
        "10.1.0.0/16, public or *"
    )
