"""Which endpoints an entry of the platform's list allows."""

import ipaddress

import pytest

from gridfold.domain.endpoints import own_services, parse_allowed

#: Entries, what is connected to (host, address, port), and whether it may be.
CASES = [
    ("s3.storage.svc", "s3.storage.svc", "10.0.0.1", 9000, True),
    ("s3.storage.svc", "s3.storage.svc.cluster.local.", "10.0.0.1", 443, True),
    ("s3.storage.svc.cluster.local", "S3.Storage.svc", "10.0.0.1", 443, True),
    ("s3.storage.svc", "bucket.s3.storage.svc", "10.0.0.1", 9000, True),
    ("*.corp.example", "s3.corp.example", "10.0.0.1", 443, True),
    ("s3.storage.svc", "xs3.storage.svc", "10.0.0.1", 9000, False),
    ("s3.storage.svc", "s3.storage.svc.evil.example", "10.0.0.1", 9000, False),
    ("s3.storage.svc", "s3.storage.svc.cluster.local.evil.example", "10.0.0.1", 9000, False),
    ("s3.storage.svc:9000", "s3.storage.svc", "10.0.0.1", 9000, True),
    ("s3.storage.svc:9000", "s3.storage.svc", "10.0.0.1", 443, False),
    ("https://s3.storage.svc/", "s3.storage.svc", "10.0.0.1", 443, True),
    ("https://s3.storage.svc", "s3.storage.svc", "10.0.0.1", 80, False),
    ("http://s3.storage.svc:9000", "s3.storage.svc", "10.0.0.1", 9000, True),
    ("10.1.0.0/16", "any.name", "10.1.2.3", 9000, True),
    ("10.1.0.0/16", "10.1.0.0/16", "10.2.2.3", 9000, False),
    ("10.1.2.3", "10.1.2.3", "10.1.2.3", 9000, True),
    ("10.1.2.3", "10.1.2.3", "10.1.2.4", 9000, False),
    ("http://10.1.2.3:9000", "10.1.2.3", "10.1.2.3", 9000, True),
    ("http://10.1.2.3:9000", "10.1.2.3", "10.1.2.3", 9001, False),
    ("fd12::/16", "a", "fd12::7", 1, True),
    ("[fd12::7]:9000", "fd12::7", "fd12::7", 9000, True),
    ("[fd12::7]:9000", "fd12::7", "fd12::7", 80, False),
    ("public", "any.name", "8.8.8.8", 1, True),
    ("public", "public", "10.0.0.1", 1, False),
    ("public:443", "any.name", "8.8.8.8", 80, False),
    ("https://public", "any.name", "8.8.8.8", 443, True),
    ("public", "a", "fec0::1", 1, False),
    ("*.public", "a", "8.8.8.8", 1, False),
    ("public.team-a.svc", "public.team-a.svc", "10.0.0.1", 1, True),
    ("*", "a", "192.168.1.1", 1, True),
    ("*", "a", "fd12::7", 1, True),
    (own_services("team-a"), "s3.team-a.svc", "10.0.0.1", 9000, True),
    (own_services("team-a"), "pod-0.s3.team-a.svc.cluster.local", "10.0.0.1", 9000, True),
    (own_services("team-a"), "s3.team-b.svc", "10.0.0.1", 9000, False),
    (own_services("team-a"), "s3.x-team-a.svc", "10.0.0.1", 9000, False),
    (own_services("team-a"), "team-a.svc.evil.example", "10.0.0.1", 9000, False),
    (own_services("team-a"), "10.0.0.1", "10.0.0.1", 9000, False),
]


@pytest.mark.parametrize(("entry", "host", "address", "port", "allowed"), CASES)
def test_an_entry_allows_its_host_with_all_below_it_or_its_network(
    entry: str, host: str, address: str, port: int, allowed: bool
) -> None:
    found = ipaddress.ip_address(address)
    assert any(one.allows(host, found, port) for one in parse_allowed([entry])) == allowed


@pytest.mark.parametrize(
    "entry", ["", "*.", "a..b", "ftp://a", "a b", "10.1.0.1/16", "1.2.3", "a:b", "a/b", "-a", "*a"]
)
def test_what_is_no_endpoint_is_told_with_what_is_expected(entry: str) -> None:
    with pytest.raises(ValueError, match="is no endpoint; expected a host, host:port"):
        parse_allowed([entry])
