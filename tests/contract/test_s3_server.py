"""What only a real S3 server can prove: pages, marks, cut connections, rights, certificates, names of hosts."""

import hashlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.v1alpha1 import AddressingStyle
from gridfold_trainer.errors import (
    AccessDeniedError,
    BucketMissingError,
    SourceChangedError,
    StorageRefusedError,
    StorageUnreachableError,
)
from gridfold_trainer.storage import globs
from gridfold_trainer.storage.s3_store import S3Store
from gridfold_trainer.storage.stores import Wanted
from tests.contract.s3_servers import Wire, s3_store, wire_to
from tests.testbed.plugin import Bucket, Cluster, SecureStorage

pytestmark = pytest.mark.cluster

BODY = bytes(range(256)) * 12_000  # three megabytes: more than one chunk
HALF = len(BODY) // 2
TOUCHES: dict[str, Callable[[S3Store, str, Path], Any]] = {
    "get": lambda store, uri, path: store.get(uri),
    "download": lambda store, uri, path: store.download(uri, path),
    "sha256": lambda store, uri, path: store.sha256(uri),
    "put": lambda store, uri, path: store.put(uri, b"x"),
    "list": lambda store, uri, path: list(store.list_uris(uri)),
}
every_touch = pytest.mark.parametrize("touch", TOUCHES)


@pytest.fixture
def store(testbed: Cluster, tmp_path: Path) -> Iterator[S3Store]:
    with s3_store(tmp_path, testbed.s3_endpoint, (testbed.s3_access_key, testbed.s3_secret_key)) as opened:
        yield opened


@pytest.fixture
def wire(testbed: Cluster, bucket: Bucket, tmp_path: Path) -> Iterator[tuple[Wire, S3Store]]:
    """A wire to the server, and a store at its end; s3://…/rows is BODY."""
    bucket.client.put_object(Bucket=bucket.name, Key="rows", Body=BODY)
    keys = (testbed.s3_access_key, testbed.s3_secret_key)
    with wire_to(testbed.s3_endpoint) as carrier, s3_store(tmp_path, carrier.endpoint, keys) as opened:
        yield carrier, opened


def test_a_listing_of_more_than_a_page_is_whole_and_in_byte_order(store: S3Store, bucket: Bucket) -> None:
    names = [f"many/part-{number}.csv" for number in range(1050)] + ["many/_SUCCESS", "many/deep/er.csv", "many.csv"]

    def put(name: str) -> None:
        body = b"" if name.endswith("_SUCCESS") else b"x"
        bucket.client.put_object(Bucket=bucket.name, Key=name, Body=body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, names))
    page = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix="many/")
    assert page["IsTruncated"], "the server gives it in one page, and nothing is proven"
    below = sorted(f"{bucket.uri}/{name}" for name in names if name.startswith("many/"))
    assert list(store.list_uris(f"{bucket.uri}/many/")) == below

    def found(pattern: str) -> list[str]:
        return [uri for uri, _ in globs.expand(f"{bucket.uri}/{pattern}", store, "here").objects]

    assert found("many/") == [uri for uri in below if not uri.endswith("_SUCCESS")]
    assert found("many/part-*.csv") == [uri for uri in below if "/part-" in uri]
    assert found("many/part-10?.csv") == [f"{bucket.uri}/many/part-10{digit}.csv" for digit in range(10)]
    assert found("**/er.csv") == [f"{bucket.uri}/many/deep/er.csv"]


def test_the_mark_of_a_listing_and_of_a_look_are_one_and_pin_what_is_read(
    store: S3Store, bucket: Bucket, tmp_path: Path
) -> None:
    uri = f"{bucket.uri}/rows"
    store.put(uri, b"first")
    ((_, listed),) = store.list_objects(uri)
    assert listed == store.stat(uri)
    wanted = Wanted(etag=listed.etag)
    assert store.download(uri, tmp_path / "file", wanted) == hashlib.sha256(b"first").hexdigest()
    store.put(uri, b"other")
    with pytest.raises(SourceChangedError, match="was replaced by another object"):
        store.download(uri, tmp_path / "file", wanted)


def test_a_download_that_was_cut_goes_on_with_the_rest(
    wire: tuple[Wire, S3Store], bucket: Bucket, tmp_path: Path
) -> None:
    carrier, store = wire
    carrier.limits = [HALF, HALF]
    digest = store.download(f"{bucket.uri}/rows", tmp_path / "file")
    assert (carrier.limits, digest) == ([], hashlib.sha256(BODY).hexdigest())
    assert (tmp_path / "file").read_bytes() == BODY


def test_an_object_that_is_replaced_in_the_middle_of_a_download_is_noticed(
    wire: tuple[Wire, S3Store], bucket: Bucket, tmp_path: Path
) -> None:
    carrier, store = wire
    carrier.limits = [HALF]
    carrier.on_cut = lambda: bucket.client.put_object(Bucket=bucket.name, Key="rows", Body=BODY[::-1])
    with pytest.raises(SourceChangedError, match="was replaced by another object"):
        store.download(f"{bucket.uri}/rows", tmp_path / "file")


@pytest.mark.parametrize("touch", ["get", "download", "sha256"])
def test_half_an_object_is_never_taken_for_a_whole_one(
    wire: tuple[Wire, S3Store], bucket: Bucket, tmp_path: Path, touch: str
) -> None:
    carrier, store = wire
    carrier.limits = [HALF, 1024, 1024, 1024]
    with pytest.raises(StorageUnreachableError, match="rows could not be read"):
        TOUCHES[touch](store, f"{bucket.uri}/rows", tmp_path / "file")


def test_readers_see_one_of_two_writers_objects_and_never_a_mixture(
    testbed: Cluster, store: S3Store, bucket: Bucket, tmp_path: Path
) -> None:
    uri, done = f"{bucket.uri}/cells/key.json", threading.Event()
    contents = [b"a" * 600_000, b"b" * 400_000]
    store.put(uri, contents[0])

    def write(number: int) -> None:
        keys, folder = (testbed.s3_access_key, testbed.s3_secret_key), tmp_path / str(number)
        folder.mkdir()
        with s3_store(folder, testbed.s3_endpoint, keys) as own:
            while not done.is_set():
                own.put(uri, contents[number])

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, number) for number in range(2)]
        try:
            seen = list(itertools.islice(_until_both(store, uri, contents), 400))
        finally:
            done.set()
        for writer in writers:
            writer.result()
    assert set(seen) == set(contents)
    assert store.get(uri) in contents


def _until_both(store: S3Store, uri: str, contents: list[bytes]) -> Iterator[bytes]:
    """Yield what is read, until each content was seen at least ten times."""
    counts = dict.fromkeys(contents, 0)
    while min(counts.values()) < 10:
        content = store.get(uri)
        counts[content] = counts.get(content, 0) + 1
        yield content


@every_touch
@pytest.mark.parametrize("wrong", ["access key", "secret key"])
def test_wrong_keys_are_denied_and_never_shown(
    testbed: Cluster, bucket: Bucket, tmp_path: Path, touch: str, wrong: str
) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key="rows", Body=b"x")
    keys = [testbed.s3_access_key, testbed.s3_secret_key]
    keys[wrong == "secret key"] = "wrong-and-secret"
    with (
        s3_store(tmp_path, testbed.s3_endpoint, (keys[0], keys[1])) as store,
        pytest.raises(AccessDeniedError) as caught,
    ):
        TOUCHES[touch](store, f"{bucket.uri}/rows", tmp_path / "file")
    assert f"{bucket.uri}/rows" in str(caught.value)
    assert "Secret s3-keys" in str(caught.value)
    assert testbed.s3_endpoint in str(caught.value)
    assert not any(key in str(caught.value) for key in keys)


@every_touch
def test_a_bucket_that_is_not_there_is_told_apart_from_an_object(store: S3Store, tmp_path: Path, touch: str) -> None:
    with pytest.raises(BucketMissingError, match="has no bucket gridfold-none; create it or correct the URI"):
        TOUCHES[touch](store, "s3://gridfold-none/rows", tmp_path / "file")


@pytest.fixture
def named_hosts(secure_storage: SecureStorage, monkeypatch: pytest.MonkeyPatch) -> str:
    """The endpoint of the server behind TLS by its name, which here resolves to its address."""
    plain, address = socket.getaddrinfo, secure_storage.endpoint.split("/")[2].split(":")[0]

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        known = host == secure_storage.domain or host.endswith(f".{secure_storage.domain}")
        return plain(address if known else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("NO_PROXY", f"{address},.{secure_storage.domain}")
    monkeypatch.setenv("no_proxy", f"{address},.{secure_storage.domain}")
    return secure_storage.endpoint.replace(address, secure_storage.domain)


@pytest.mark.parametrize("style", [AddressingStyle.PATH, AddressingStyle.VIRTUAL])
def test_both_ways_to_address_a_bucket_reach_the_same_objects(
    secure_storage: SecureStorage,
    secure_bucket: Bucket,
    named_hosts: str,
    style: AddressingStyle,
    tmp_path: Path,
) -> None:
    uri = f"{secure_bucket.uri}/a folder/ü+1.csv"
    secure_bucket.client.put_object(Bucket=secure_bucket.name, Key="a folder/ü+1.csv", Body=BODY)
    access = (secure_storage.keys, secure_storage.ca_bundle)
    with s3_store(tmp_path, named_hosts, *access, addressing_style=style) as store:
        urls: list[str] = []
        store._client.meta.events.register("before-send.s3", lambda request, **_: urls.append(request.url))
        assert store.get(uri) == BODY
        assert list(store.list_uris(f"{secure_bucket.uri}/a")) == [uri]
    by_host = f"https://{secure_bucket.name}.{secure_storage.domain}:"
    assert urls
    assert all(url.startswith(by_host) == (style is AddressingStyle.VIRTUAL) for url in urls)


@every_touch
def test_a_certificate_of_an_authority_that_is_not_named_is_refused_with_the_field_that_names_it(
    secure_storage: SecureStorage, secure_bucket: Bucket, tmp_path: Path, touch: str
) -> None:
    uri = f"{secure_bucket.uri}/rows"
    secure_bucket.client.put_object(Bucket=secure_bucket.name, Key="rows", Body=b"x")
    with (
        s3_store(tmp_path, secure_storage.endpoint, secure_storage.keys) as store,
        pytest.raises(StorageRefusedError, match=r"name its authority in storage\.caBundleConfigMapName"),
    ):
        TOUCHES[touch](store, uri, tmp_path / "file")
    with s3_store(tmp_path, secure_storage.endpoint, secure_storage.keys, secure_storage.ca_bundle) as store:
        TOUCHES[touch](store, uri, tmp_path / "file")


def test_http_towards_a_server_that_speaks_tls_is_an_error_in_words(
    secure_storage: SecureStorage, tmp_path: Path
) -> None:
    endpoint = secure_storage.endpoint.replace("https:", "http:")
    with (
        s3_store(tmp_path, endpoint, secure_storage.keys) as store,
        pytest.raises((StorageRefusedError, StorageUnreachableError), match=f"s3://data/rows.*{endpoint}"),
    ):
        store.get("s3://data/rows")
