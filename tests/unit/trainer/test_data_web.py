"""https:// sources against servers that redirect, break off, refuse, lie about their length or stop answering."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold.domain.endpoints import parse_allowed
from gridfold_trainer.errors import (
    AccessDeniedError,
    ObjectMissingError,
    SourceChangedError,
    SourceTooLargeError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.addresses import CLUSTER_STORAGE, CLUSTER_WEB, LAPTOP, AddressRules, refusal
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.http_store import HttpStore, Web
from gridfold_trainer.storage.stores import Wanted
from tests.unit.trainer.scripted_s3 import Answer, Script, free_port, make_certificate, serving

QUICK = Patience(connect_seconds=2, read_seconds=2, body_attempts=2, back_off_seconds=0.01)
BODY = bytes(range(256)) * 8192  # two mebibytes: more than one chunk
HALF = len(BODY) // 2
SECRET = "X-Signature=abc123"
REST = Answer(206, BODY[HALF:], headers={"Content-Range": f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def script(certificate: tuple[Path, Path]) -> Iterator[Script]:
    with serving(Answer(), certificate=certificate) as running:
        yield running


@pytest.fixture
def store(certificate: tuple[Path, Path]) -> HttpStore:
    return HttpStore(Web(ca_bundle=certificate[1], patience=QUICK))


def uri(script: Script, host: str = "localhost") -> str:
    return f"https://{host}:{script.port}/data.csv?{SECRET}"


def test_a_file_of_the_web_is_written_with_its_digest(tmp_path: Path, script: Script, store: HttpStore) -> None:
    script.restart(Answer(body=BODY))
    assert store.download(uri(script), tmp_path / "file") == hashlib.sha256(BODY).hexdigest()
    assert (tmp_path / "file").read_bytes() == BODY
    [(method, path, headers)] = script.requests
    assert (method, path) == ("GET", f"/data.csv?{SECRET}")
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("name", "coding"),
    [("a.csv", "aws-chunked"), ("a.csv", "Identity"), ("a.csv.gz", "x-gzip"), ("a.CSV.GZ", "gzip"), ("a.zst", "zstd")],
)
def test_a_coding_that_is_none_or_is_the_files_own_compression_leaves_the_file_as_it_lies_there(
    tmp_path: Path, script: Script, store: HttpStore, name: str, coding: str
) -> None:
    script.restart(Answer(body=BODY, headers={"Content-Encoding": coding}))
    store.download(uri(script).replace("data.csv", name), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize(("name", "coding"), [("a.csv.zst", "gzip"), ("a.csv.gz", "gzip, gzip, br"), ("a.gz", "zstd")])
def test_a_coding_on_top_of_the_file_is_refused(
    tmp_path: Path, script: Script, store: HttpStore, name: str, coding: str
) -> None:
    script.restart(Answer(body=BODY, headers={"Content-Encoding": coding}))
    with pytest.raises(StorageRefusedError, match=f"Content-Encoding {coding}"):
        store.download(uri(script).replace("data.csv", name), tmp_path / "file")


@pytest.mark.parametrize("hangs", [False, True])
def test_a_download_goes_on_where_it_broke_off(tmp_path: Path, script: Script, store: HttpStore, hangs: bool) -> None:
    script.restart(Answer(body=BODY, sent=HALF, hangs=hangs), REST)
    assert store.download(uri(script), tmp_path / "file") == hashlib.sha256(BODY).hexdigest()
    asked = script.requests[1][2]
    assert (asked["Range"], asked["If-Range"]) == (f"bytes={HALF}-", '"mark"')


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_mark_a_download_starts_again(
    tmp_path: Path, script: Script, store: HttpStore, etag: str
) -> None:
    script.restart(
        Answer(body=BODY, sent=HALF, headers={"ETag": etag}), Answer(body=BODY[::-1], headers={"ETag": etag})
    )
    assert store.download(uri(script), tmp_path / "file") == hashlib.sha256(BODY[::-1]).hexdigest()
    assert "Range" not in script.requests[1][2]


def test_a_file_that_was_replaced_meanwhile_is_never_put_together_of_two(
    tmp_path: Path, script: Script, store: HttpStore
) -> None:
    script.restart(Answer(body=BODY, sent=HALF), Answer(body=BODY[::-1], headers={"ETag": '"other"'}))
    with pytest.raises(SourceChangedError, match="replaced by another"):
        store.download(uri(script), tmp_path / "file")


def test_a_file_that_always_breaks_off_is_never_taken_for_a_whole_one(
    tmp_path: Path, script: Script, store: HttpStore
) -> None:
    script.restart(Answer(body=BODY, sent=7))
    with pytest.raises(StorageUnreachableError):
        store.download(uri(script), tmp_path / "file")
    assert len(script.requests) == QUICK.body_attempts


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(404), ObjectMissingError, "answers 404"),
        (Answer(410), ObjectMissingError, "answers 410"),
        (Answer(401), AccessDeniedError, "answers 401"),
        (Answer(403), AccessDeniedError, "without credentials"),
        (Answer(418), StorageRefusedError, "answers 418"),
        (Answer(204), StorageRefusedError, "answers 204"),
        (Answer(500), StorageUnreachableError, "answers 500"),
        (Answer(429), StorageUnreachableError, "answers 429"),
        (Answer(hangs=True), StorageUnreachableError, "Timeout"),
        (Answer(body=b"x", headers={"Content-Length": ""}), StorageRefusedError, "how long the file is"),
        (Answer(body=b"x", headers={"Content-Encoding": "gzip"}), StorageRefusedError, "Content-Encoding gzip"),
        (Answer(302), StorageRefusedError, "only https://"),
        (Answer(302, headers={"Location": "http://example.org/a"}), StorageRefusedError, "redirected to http://exa"),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), StorageRefusedError, "only https://"),
        (Answer(302, headers={"Location": f"https://u:{SECRET}@example.org/"}), StorageRefusedError, "…@example.org/"),
        (Answer(302, headers={"Location": "/again"}), StorageRefusedError, "more than 5 times"),
        (Answer(206, b"x", headers={"Content-Range": "nonsense"}), StorageRefusedError, "without saying which"),
    ],
)
def test_what_cannot_be_read_is_a_typed_error_that_hides_the_signature_of_the_url(
    tmp_path: Path, script: Script, store: HttpStore, answer: Answer, error: type[TrainerError], words: str
) -> None:
    script.restart(answer)
    with pytest.raises(error) as caught:
        store.download(uri(script), tmp_path / "file")
    assert words in str(caught.value)
    assert f"https://localhost:{script.port}/data.csv" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_above_the_limit_is_refused_whether_its_length_is_told_or_not(
    tmp_path: Path, script: Script, store: HttpStore
) -> None:
    chunked = b"".join(f"{len(BODY[at : at + 4096]):x}\r\n".encode() + BODY[at : at + 4096] + b"\r\n" for at in (0, 9))
    lengths = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    for answer in (Answer(body=BODY), Answer(body=chunked + b"0\r\n\r\n", headers=lengths)):
        script.restart(answer)
        with pytest.raises(SourceTooLargeError, match="more than 5000 bytes"):
            store.download(uri(script), tmp_path / "file", Wanted(limit_bytes=5000))


def test_a_server_of_an_unknown_authority_is_refused_with_the_name_of_the_setting(
    tmp_path: Path, script: Script
) -> None:
    with pytest.raises(StorageRefusedError, match="caBundleConfigMapName"):
        HttpStore(Web(patience=QUICK)).download(uri(script), tmp_path / "file")


def test_a_bundle_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(StorageRefusedError, match=r"expected PEM in the key ca\.crt"):
        HttpStore(Web(ca_bundle=tmp_path / "ca.crt"))


def test_a_server_that_is_not_there_is_out_of_reach(tmp_path: Path, store: HttpStore) -> None:
    with pytest.raises(StorageUnreachableError):
        store.download(f"https://127.0.0.1:{free_port()}/x", tmp_path / "file")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("rules", [CLUSTER_WEB, CLUSTER_STORAGE])
def test_the_machine_itself_is_refused_in_a_cluster_before_anything_is_sent(
    tmp_path: Path, script: Script, host: str, rules: AddressRules
) -> None:
    script.restart(Answer(body=BODY))
    store = HttpStore(Web(rules, patience=QUICK))
    with pytest.raises(StorageRefusedError, match="belongs to the machine itself"):
        store.download(uri(script, host), tmp_path / "file")
    assert script.requests == []


@pytest.mark.parametrize("place", ["169.254.169.254", "[fd00:ec2::254]", "0x7f.1", "2130706433", "127.1"])
def test_a_redirect_to_a_metadata_service_or_the_machine_is_refused(
    tmp_path: Path, script: Script, certificate: tuple[Path, Path], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gridfold_trainer.storage.addresses as addresses

    permitted = addresses.permitted

    def first_host_is_public(host: str, port: int, rules: AddressRules) -> list[str]:
        return ["127.0.0.1"] if host == "localhost" else permitted(host, port, rules)

    monkeypatch.setattr(addresses, "permitted", first_host_is_public)
    script.restart(Answer(302, headers={"Location": f"https://{place}/latest/meta-data/"}))
    store = HttpStore(Web(CLUSTER_WEB, certificate[1], QUICK))
    with pytest.raises(StorageRefusedError, match="a job may not connect to it"):
        store.download(uri(script), tmp_path / "file")
    assert len(script.requests) == 1


def test_a_redirect_to_a_public_host_that_is_not_in_the_list_is_refused(
    tmp_path: Path, script: Script, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import gridfold_trainer.storage.addresses as addresses

    permitted = addresses.permitted

    def first_host_is_listed(host: str, port: int, rules: AddressRules) -> list[str]:
        return ["127.0.0.1"] if host == "localhost" else permitted(host, port, rules)

    monkeypatch.setattr(addresses, "permitted", first_host_is_listed)
    script.restart(Answer(302, headers={"Location": "https://8.8.8.8/rows.csv"}))
    listed = AddressRules(own_machine=False, allowed=parse_allowed(["localhost", "10.0.0.0/8"]))
    with pytest.raises(StorageRefusedError, match=r"a public address, .* allows only localhost, 10\.0\.0\.0/8 \("):
        HttpStore(Web(listed, certificate[1], QUICK)).download(uri(script), tmp_path / "file")
    assert len(script.requests) == 1


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(
    tmp_path: Path, script: Script, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves to another address the second time gains nothing: it is resolved once."""
    import socket

    resolve = socket.getaddrinfo
    asked: list[str] = []

    def count(host: str, *arguments: object, **options: object) -> object:
        asked.append(str(host))
        return resolve("127.0.0.1" if host == "localhost" else host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", count)
    script.restart(Answer(body=b"x"))
    HttpStore(Web(LAPTOP, certificate[1], QUICK)).download(uri(script), tmp_path / "file")
    assert asked == ["localhost", "127.0.0.1"]


ADDRESSES = {
    "8.8.8.8": (True, True),
    "2001:4860:4860::8888": (True, True),
    "10.0.0.7": (True, False),
    "172.16.9.1": (True, False),
    "192.168.1.1": (True, False),
    "100.64.0.1": (True, False),
    "fd12::1": (True, False),
    "::ffff:10.0.0.7": (True, False),
    "64:ff9b::a00:7": (True, False),
    "127.0.0.1": (False, False),
    "127.255.255.254": (False, False),
    "::1": (False, False),
    "0.0.0.0": (False, False),
    "::": (False, False),
    "169.254.169.254": (False, False),
    "169.254.170.2": (False, False),
    "fe80::1%eth0": (False, False),
    "fd00:ec2::254": (False, False),
    "168.63.129.16": (False, False),
    "100.100.100.200": (False, False),
    "::ffff:169.254.169.254": (False, False),
    "64:ff9b::a9fe:a9fe": (False, False),
    "2002:7f00:1::": (False, False),
    "224.0.0.1": (False, False),
    "::127.0.0.1": (False, False),
    "::ffff:0:0": (False, False),
    "64:ff9b:1::7f00:1": (False, False),
    "2001:0:102:304::8000:fffe": (False, False),  # Teredo of 127.255.0.1
    "fec0::1": (True, False),
    "::10.0.0.7": (True, False),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_which_addresses_a_cluster_may_connect_to(address: str) -> None:
    storage, web = ADDRESSES[address]
    assert refusal(address, LAPTOP) is None
    assert (refusal(address, CLUSTER_STORAGE) is None) == storage
    assert (refusal(address, CLUSTER_WEB) is None) == web


@pytest.mark.parametrize(
    ("headers", "mark"),
    [
        ({"ETag": '"a"'}, '"a"'),
        ({"ETag": 'W/"a"'}, ""),
        ({"ETag": ""}, ""),
        ({"ETag": "", "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, "Mon, 01 Jan 2024 00:00:00 GMT"),
        ({"ETag": "", "Last-Modified": "nonsense"}, ""),
    ],
)
def test_only_what_changes_with_every_content_is_a_mark(
    script: Script, store: HttpStore, headers: dict[str, str], mark: str
) -> None:
    script.restart(Answer(body=b"12345", headers=headers))
    found = store.stat(uri(script))
    assert found is not None
    assert (found.size, found.etag) == (5, mark)


def test_the_web_has_no_list(store: HttpStore) -> None:
    with pytest.raises(StorageRefusedError, match="cannot be listed"):
        store.list_objects("https://example.org/a/")
