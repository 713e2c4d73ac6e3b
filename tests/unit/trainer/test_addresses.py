"""Addresses in the cluster: one rule for storage, a source's own storage, web sources and redirects."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import Source, Storage
from gridfold_trainer.errors import StorageRefusedError
from gridfold_trainer.storage import addresses
from gridfold_trainer.storage.addresses import LAPTOP, permitted
from gridfold_trainer.storage.opening import SourceStores, StoreAccess, open_store

ENDPOINT = "http://s3.storage.svc:9000"
Connect = Callable[..., Any]  #: of an access, and of an endpoint where it is another one


def by_the_job(access: StoreAccess, endpoint: str = ENDPOINT) -> Any:
    return open_store(Storage(endpoint=endpoint, region="us-east-1"), access).get("s3://a/b")


def by_a_source(access: StoreAccess, endpoint: str = ENDPOINT) -> Any:
    source = Source(uri="s3://a/b", storage=Storage(endpoint=endpoint, region="us-east-1"))
    job = Storage(region="us-east-1")
    return SourceStores(job, open_store(job, access), access)(source).sha256(source.uri)


def from_the_web(access: StoreAccess, endpoint: str = ENDPOINT) -> Any:
    source = Source(uri=f"https://{endpoint.partition('://')[2]}/rows.csv")
    return SourceStores(Storage(), open_store(Storage(), access), access)(source).sha256(source.uri)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What would have been connected to; all names but public ones are at one private address, nothing is connected."""
    resolve = socket.getaddrinfo
    connected: list[tuple[str, int]] = []

    def name_server(host: str, port: int, *words: Any, **options: Any) -> Any:
        address = "8.8.8.8" if host == "mine.example" else "10.9.8.7" if host[0].isalpha() else host
        return resolve(address, port, *words, **options)

    def connect(address: tuple[str, int], *words: Any, **options: Any) -> Any:
        connected.append(address)
        raise StorageRefusedError("no connection is made here")

    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("NO_PROXY", "*")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "getaddrinfo", name_server)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    return connected


@pytest.mark.parametrize("connect", [by_the_job, by_a_source, from_the_web])
def test_a_private_address_is_connected_to_only_where_the_platform_allows_it(
    connect: Connect, asked: list[tuple[str, int]]
) -> None:
    for named in ("", "public", "team-a.svc", "s3.storage.svc:9001", "10.8.0.0/16"):
        access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": named}, None)
        with pytest.raises(StorageRefusedError, match=r"s3\.storage\.svc is at 10\.9\.8\.7, a private address"):
            connect(access)
    assert asked == []
    for named in ("s3.storage.svc", "team-a.svc,storage.svc", "10.9.0.0/16", "*", ENDPOINT):
        access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": named}, None)
        with pytest.raises(StorageRefusedError, match="no connection is made here"):
            connect(access)
    assert set(asked) == {("10.9.8.7", 9000)}, "the address that was judged, not the name"


PUBLIC = "https://mine.example"


def to_public_storage(access: StoreAccess) -> Any:
    return open_store(Storage(endpoint=PUBLIC, region="us-east-1"), access).put("s3://a/b", b"rows")


def to_a_source_in_public_storage(access: StoreAccess) -> Any:
    return by_a_source(access, PUBLIC)


def to_a_public_page(access: StoreAccess) -> Any:
    return from_the_web(access, PUBLIC)


@pytest.mark.parametrize("connect", [to_public_storage, to_a_source_in_public_storage, to_a_public_page])
def test_a_public_address_is_connected_to_only_where_no_list_is_named_or_the_list_has_it(
    connect: Connect, asked: list[tuple[str, int]]
) -> None:
    for named, told in (
        ("", "none"),
        ("s3.storage.svc,10.9.0.0/16", "only s3.storage.svc, 10.9.0.0/16"),
        ("public:80", "only public:80"),
    ):
        access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": named}, None)
        with pytest.raises(StorageRefusedError) as caught:
            connect(access)
        assert (
            f"mine.example is at 8.8.8.8, a public address, and of endpoints the platform allows {told} "
            "(allowedEndpoints of trainer or tenancy in the operator's chart)"
        ) in str(caught.value)
    assert asked == []
    for environment in (
        {},
        *({"GRIDFOLD_ALLOWED_ENDPOINTS": named} for named in ("team-a.svc,public", "*", "mine.example", "8.8.0.0/16")),
    ):
        with pytest.raises(StorageRefusedError, match="no connection is made here"):
            connect(StoreAccess.of_environment(environment, None))
    assert set(asked) == {("8.8.8.8", 443)}


def test_the_clouds_own_storage_is_connected_to_whatever_the_list_is(asked: list[tuple[str, int]]) -> None:
    access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": "s3.storage.svc"}, None)
    with pytest.raises(StorageRefusedError, match="no connection is made here"):
        open_store(Storage(region="us-east-1"), access).get("s3://a/b")
    assert set(asked) == {("10.9.8.7", 443)}


@pytest.mark.parametrize("connect", [by_the_job, by_a_source, from_the_web])
def test_an_address_that_is_spelled_as_a_number_is_judged_as_what_it_is(
    connect: Connect, asked: list[tuple[str, int]]
) -> None:
    access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": "10.9.0.0/16"}, None)
    with pytest.raises(StorageRefusedError, match=r"at 10\.96\.0\.1, a private address"):
        connect(access, "https://174063617")
    assert asked == []


def test_a_laptop_connects_where_it_likes(asked: list[tuple[str, int]], tmp_path: Path) -> None:
    for connect in (by_the_job, by_a_source, from_the_web):
        with pytest.raises(StorageRefusedError, match="no connection is made here"):
            connect(StoreAccess(tmp_path))


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0",
        "::",
        "[::1]",
        "localhost",
        "::ffff:7f00:1",
        "169.254.169.254",
        "0xa9fea9fe",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
    ],
)
def test_no_list_allows_the_machine_itself_in_whatever_spelling(host: str) -> None:
    access = StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": "*,localhost,127.0.0.0/8"}, None)
    found = permitted(host, 80, LAPTOP)
    with pytest.raises(StorageRefusedError, match="belongs to the machine itself"):
        permitted(host, 80, access.web_rules)
    with pytest.raises(StorageRefusedError, match="belongs to the machine itself"):
        permitted(host, 80, access.storage_rules(Storage(endpoint=ENDPOINT)))
    assert all(addresses.refusal(address, access.storage_rules(Storage())) for address in found)


def test_a_list_that_cannot_be_read_is_told() -> None:
    with pytest.raises(StorageRefusedError, match="GRIDFOLD_ALLOWED_ENDPOINTS: 'a b' is no endpoint"):
        StoreAccess.of_environment({"GRIDFOLD_ALLOWED_ENDPOINTS": "a b"}, None)
