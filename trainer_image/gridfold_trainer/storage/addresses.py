"""Which addresses of the network a trainer may connect to.

A TrainingJob names URLs, and a pod can reach what its author cannot: metadata services, the node itself, services of
other teams. So every address is judged after resolution, at the moment of connecting, and that very address is
connected to: a name that resolves to something else a moment later gains nothing.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from gridfold.domain.endpoints import PUBLIC, AllowedEndpoint, is_public, parse_allowed, plain_address
from gridfold.domain.words import first_of
from gridfold_trainer.errors import StorageRefusedError

#: Services that tell a machine its secrets, at addresses that no property of the address gives away (documentation
#: of AWS, Azure's wire server, Alibaba Cloud, Oracle Cloud).
_METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd20:ce::254"))
)


@dataclass(frozen=True)
class AddressRules:
    """What may be connected to."""

    own_machine: bool  #: loopback, link-local and metadata addresses
    allowed: tuple[AllowedEndpoint, ...] | None = None  #: all else that may be; None: whatever there is


LAPTOP = AddressRules(own_machine=True)
CLUSTER_STORAGE = AddressRules(own_machine=False)
CLUSTER_WEB = AddressRules(own_machine=False, allowed=parse_allowed([PUBLIC]))


def refusal(address: str, rules: AddressRules, host: str = "", port: int = 0) -> str | None:
    """Return why an address may not be connected to (the end of a sentence), or None if it may.

    Args:
        address: what `host` resolved to.
        rules: what may be connected to.
        host: as the URL has it; the platform allows endpoints by it.
        port: of the connection.
    """
    found = plain_address(address)
    special = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
    if not rules.own_machine and (special or found in _METADATA):
        return "which belongs to the machine itself or to its metadata service"
    if rules.allowed is None or any(entry.allows(host, found, port) for entry in rules.allowed):
        return None
    kind = "public" if is_public(found) else "private"
    named = f"only {first_of([entry.text for entry in rules.allowed])}" if rules.allowed else "none"
    return (
        f"a {kind} address, and of endpoints the platform allows {named} (allowedEndpoints of trainer or tenancy in "
        "the operator's chart)"
    )


def permitted(host: str, port: int, rules: AddressRules) -> list[str]:
    """Return the addresses of a host.

    Raises:
        StorageRefusedError: one of them may not be connected to.
        OSError: the name cannot be resolved.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        why = refusal(address, rules, host, port)
        if why is not None:
            raise StorageRefusedError(f"{host} is at {address}, {why}; a job may not connect to it.")
    return addresses


def guarded(connection: Any, rules: AddressRules) -> Any:
    """Return a class of urllib3 connections that connects to permitted addresses only."""

    class Guarded(connection):  # type: ignore[misc]
        _dns_host: str

        def _new_conn(self) -> Any:
            from urllib3.exceptions import NameResolutionError

            name: str = self._dns_host  # what is connected to; certificates and Host go by the name
            try:
                addresses = permitted(name, self.port, rules)
            except socket.gaierror as error:
                raise NameResolutionError(name, self, error) from error
            try:
                return self._connect_one(addresses)
            finally:
                self._dns_host = name

        def _connect_one(self, addresses: list[str]) -> Any:
            for address in addresses[:-1]:
                self._dns_host = address
                try:
                    return super()._new_conn()
                except Exception:  # noqa: S112 (the next address may answer; the last one's error is told)
                    continue
            self._dns_host = addresses[-1]
            return super()._new_conn()

    return Guarded


def guarded_pools(http: Any, https: Any, rules: AddressRules) -> dict[str, Any]:
    """Return urllib3 pools by scheme whose connections are guarded; the arguments are the pools to derive from."""

    def pool(base: Any) -> Any:
        return type(f"Guarded{base.__name__}", (base,), {"ConnectionCls": guarded(base.ConnectionCls, rules)})

    return {"http": pool(http), "https": pool(https)}
