"""The S3 store against servers that refuse, break off, stop answering or are not there."""

import gc
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from gridfold.api.handoff import CREDENTIALS_VARIABLE
from gridfold.api.v1alpha1 import Storage
from gridfold_trainer.errors import (
    AccessDeniedError,
    BucketMissingError,
    ObjectMissingError,
    SourceChangedError,
    SourceTooLargeError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.addresses import CLUSTER_STORAGE, CLUSTER_WEB, AddressRules
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.s3_store import Access, S3Store
from gridfold_trainer.storage.stores import Wanted
from tests.unit.trainer.scripted_s3 import Answer, Script, free_port, refusal, serving

#: Where a server refuses or breaks off, botocore leaves the connection to garbage collection. What that tells would
#: otherwise be told of whatever test runs when it comes, here or in another module.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def _left_by_botocore() -> Iterator[None]:
    """Have it collected while it is ignored."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


ACCESS_KEY, SECRET_KEY, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI-K7MDENG", "session-token-text"
QUICK = Patience(connect_seconds=2, read_seconds=2, attempts=1, body_attempts=2, back_off_seconds=0.01)
URI = "s3://data/folder/train.csv"
BODY = bytes(range(256)) * 8192  # two mebibytes: more than one chunk
OPERATIONS: dict[str, Callable[[S3Store, Path], Any]] = {
    "get": lambda store, folder: store.get(URI),
    "download": lambda store, folder: store.download(URI, folder / "file"),
    "sha256": lambda store, folder: store.sha256(URI),
    "blake3": lambda store, folder: store.blake3(URI),
    "put": lambda store, folder: store.put(URI, b"x"),
    "upload": lambda store, folder: store.upload(URI, Path(__file__)),
    "list_uris": lambda store, folder: list(store.list_uris(URI)),
}


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mounted Secret, and nothing of the machine's own settings."""
    folder = tmp_path_factory.mktemp("s3")
    write_secret(folder, AWS_ACCESS_KEY_ID=ACCESS_KEY + "\n", AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDFOLD_CREDENTIALS", str(folder))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,storage.invalid")
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, str(folder / "none"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
            patch.delenv(name, raising=False)
        yield folder


def write_secret(folder: Path, **keys: str) -> None:
    for name, value in keys.items():
        (folder / name).write_text(value)


@contextmanager
def opened(endpoint: str | None, patience: Patience = QUICK, **storage: Any) -> Iterator[S3Store]:
    folder = os.environ.get(CREDENTIALS_VARIABLE)
    access = Access(Path(folder) if folder else None, patience=patience)
    store = S3Store(Storage(endpoint=endpoint, credentials_secret_name="adult-s3", **storage), access)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def shared(surroundings: Path) -> Iterator[tuple[Script, S3Store]]:
    """One server and one store: to make a client takes a third of a second."""
    with serving(Answer()) as script, opened(script.endpoint) as store:
        yield script, store


@pytest.fixture
def script(shared: tuple[Script, S3Store]) -> Script:
    return shared[0]


@pytest.fixture
def store(shared: tuple[Script, S3Store]) -> S3Store:
    return shared[1]


def test_content_goes_there_and_comes_back_as_it_is(tmp_path: Path, script: Script, store: S3Store) -> None:
    script.restart(*[Answer(body=BODY)] * 4, Answer())
    assert store.get(URI) == BODY
    assert store.download(URI, tmp_path / "file") == store.sha256(URI) == hashlib.sha256(BODY).hexdigest()
    assert store.blake3(URI) == blake3(BODY).hexdigest()
    store.put(URI, BODY)
    assert (tmp_path / "file").read_bytes() == BODY
    assert {path for _, path, _ in script.requests} == {"/data/folder/train.csv"}
    assert [method for method, _, _ in script.requests] == ["GET", "GET", "GET", "GET", "PUT"]


def test_requests_are_signed_with_the_mounted_key_and_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secret(
        tmp_path,
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY + "\n",
        AWS_SESSION_TOKEN=TOKEN + "\n",
    )
    monkeypatch.setenv("GRIDFOLD_CREDENTIALS", str(tmp_path))
    with serving(Answer(body=b"x")) as script, opened(script.endpoint) as store:
        store.get(URI)
    headers = script.requests[0][2]
    assert f"Credential={ACCESS_KEY}/" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == TOKEN


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refusal(404, "NoSuchKey"), ObjectMissingError, "does not exist"),
        (refusal(404, "NoSuchBucket"), BucketMissingError, "has no bucket data"),
        (refusal(403, "AccessDenied"), AccessDeniedError, "do not give the right"),
        (refusal(403, "InvalidAccessKeyId"), AccessDeniedError, "does not know this access key"),
        (refusal(403, "SignatureDoesNotMatch"), AccessDeniedError, "secret key does not belong"),
        (refusal(400, "ExpiredToken"), AccessDeniedError, "session token has expired"),
        (refusal(403, "RequestTimeTooSkewed"), AccessDeniedError, "clocks"),
        (Answer(401), AccessDeniedError, "401"),
        (refusal(403, "Strange"), AccessDeniedError, "it says Strange"),
        (refusal(404, "XAdminUserNotFound"), AccessDeniedError, "does not know this access key"),
        (refusal(400, "AuthorizationHeaderMalformed"), StorageRefusedError, "correct storage.region"),
        (refusal(400, "Strange"), StorageRefusedError, "Strange"),
        (refusal(503, "SlowDown"), StorageUnreachableError, "SlowDown"),
        (refusal(500, "InternalError"), StorageUnreachableError, "InternalError"),
        (Answer(502, b"<html>Bad gateway</html>"), StorageUnreachableError, "502"),
        (Answer(429), StorageUnreachableError, "429"),
        (Answer(hangs=True), StorageUnreachableError, "does not answer"),
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_refusal_is_a_typed_error_that_names_the_uri_and_never_the_secret(
    tmp_path: Path,
    script: Script,
    store: S3Store,
    operation: str,
    answer: Answer,
    error: type[TrainerError],
    words: str,
) -> None:
    script.restart(answer)
    with pytest.raises(error) as caught:
        OPERATIONS[operation](store, tmp_path)
    message = str(caught.value)
    assert words in message
    assert URI in message
    assert script.endpoint in message
    assert SECRET_KEY not in message
    if error is AccessDeniedError:
        assert "Secret adult-s3" in message


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_server_that_is_not_there_is_out_of_reach(tmp_path: Path, operation: str) -> None:
    with (
        opened(f"http://127.0.0.1:{free_port()}") as store,
        pytest.raises(StorageUnreachableError, match="data/folder"),
    ):
        OPERATIONS[operation](store, tmp_path)


def test_a_host_that_nobody_knows_is_out_of_reach_and_can_be_tried_again(tmp_path: Path) -> None:
    with opened("http://storage.invalid:9000") as store, pytest.raises(StorageUnreachableError) as caught:
        store.get(URI)
    assert caught.value.retryable


def test_a_server_that_was_busy_is_asked_again() -> None:
    patience = Patience(attempts=2, read_seconds=2)
    with serving(refusal(503, "SlowDown"), Answer(body=b"late")) as script, opened(script.endpoint, patience) as store:
        assert store.get(URI) == b"late"
    assert len(script.requests) == 2


@pytest.mark.parametrize("operation", ["get", "sha256", "blake3"])
@pytest.mark.parametrize("half", [Answer(body=BODY, sent=len(BODY) // 2), Answer(body=BODY, sent=1, hangs=True)])
def test_half_an_object_is_read_again_from_its_start(
    tmp_path: Path, script: Script, store: S3Store, operation: str, half: Answer
) -> None:
    script.restart(Answer(body=BODY))
    expected = OPERATIONS[operation](store, tmp_path)
    script.restart(half, Answer(body=BODY))
    assert OPERATIONS[operation](store, tmp_path) == expected
    assert len(script.requests) == 2


HALF = len(BODY) // 2
REST = Answer(206, BODY[HALF:], headers={"Content-Range": f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"})


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("new_digest", [hashlib.sha256, blake3])
@pytest.mark.parametrize("second", [REST, Answer(body=BODY)], ids=["the rest", "all of it again"])
def test_a_download_goes_on_where_it_broke_off(
    tmp_path: Path, script: Script, store: S3Store, hangs: bool, second: Answer, new_digest: Any
) -> None:
    script.restart(Answer(body=BODY, sent=HALF, hangs=hangs), second)
    assert store.download(URI, tmp_path / "file", Wanted(new_digest=new_digest)) == new_digest(BODY).hexdigest()
    assert (tmp_path / "file").read_bytes() == BODY
    asked = script.requests[1][2]
    assert (asked["Range"], asked["If-Match"]) == (f"bytes={HALF}-", '"mark"')


@pytest.mark.parametrize("second", [refusal(412, "PreconditionFailed"), Answer(body=BODY, headers={"ETag": '"other"'})])
def test_an_object_that_was_replaced_meanwhile_is_never_put_together_of_two(
    tmp_path: Path, script: Script, store: S3Store, second: Answer
) -> None:
    script.restart(Answer(body=BODY, sent=HALF), second)
    with pytest.raises(SourceChangedError, match="was replaced by another object"):
        store.download(URI, tmp_path / "file")


def test_an_object_of_another_mark_than_wanted_is_refused(tmp_path: Path, script: Script, store: S3Store) -> None:
    script.restart(Answer(body=BODY))
    with pytest.raises(SourceChangedError):
        store.download(URI, tmp_path / "file", Wanted(etag='"older"'))


def test_an_object_above_the_limit_of_a_source_is_refused_before_it_is_read(
    tmp_path: Path, script: Script, store: S3Store
) -> None:
    script.restart(Answer(body=BODY))
    with pytest.raises(SourceTooLargeError, match=f"more than {len(BODY) - 1} bytes"):
        store.download(URI, tmp_path / "file", Wanted(limit_bytes=len(BODY) - 1))
    assert (tmp_path / "file").stat().st_size == 0


@pytest.mark.parametrize("rules", [CLUSTER_STORAGE, CLUSTER_WEB])
def test_a_server_on_the_machine_itself_is_refused_in_a_cluster(surroundings: Path, rules: AddressRules) -> None:
    with serving(Answer()) as script:
        store = S3Store(Storage(endpoint=script.endpoint), Access(surroundings, rules=rules, patience=QUICK))
        with pytest.raises(StorageRefusedError, match=r"127\.0\.0\.1, which belongs to the machine itself"):
            store.get(URI)
        store.close()
    assert script.requests == []


@pytest.mark.parametrize("operation", ["get", "download", "sha256", "blake3"])
@pytest.mark.parametrize("sent", [0, 1, len(BODY) - 1])
def test_an_object_that_always_breaks_off_is_never_taken_for_a_whole_one(
    tmp_path: Path, script: Script, store: S3Store, operation: str, sent: int
) -> None:
    script.restart(Answer(body=BODY, sent=sent))
    with pytest.raises(StorageUnreachableError):
        OPERATIONS[operation](store, tmp_path)
    assert len(script.requests) == QUICK.body_attempts


def test_an_object_above_the_limit_is_not_read_into_memory(script: Script, store: S3Store) -> None:
    script.restart(Answer(body=b"12345"))
    assert store.get(URI, 5) == b"12345"
    with pytest.raises(StorageRefusedError, match="more than 4 bytes"):
        store.get(URI, 4)


def test_an_object_that_is_not_there_has_no_stat(script: Script, store: S3Store) -> None:
    script.restart(Answer(body=b"12345"))
    found = store.stat(URI)
    assert found is not None
    assert (found.size, found.etag) == (5, '"mark"')
    script.restart(Answer(404))
    assert store.stat(URI) is None
    script.restart(Answer(403))
    with pytest.raises(AccessDeniedError):
        store.stat(URI)


def test_a_listing_is_read_page_by_page(script: Script, store: S3Store) -> None:
    page = (
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>"
        "<Contents><Key>{key}</Key><Size>1</Size></Contents>{token}</ListBucketResult>"
    )
    first = page.format(more="true", key="a%2Fb%20c", token="<NextContinuationToken>t</NextContinuationToken>")
    second = page.format(more="false", key="a/d", token="")
    script.restart(Answer(body=first.encode()), Answer(body=second.encode()))
    found = store.list_uris("s3://data/a/")
    assert next(found) == "s3://data/a/b c"
    assert len(script.requests) == 1
    assert list(found) == ["s3://data/a/d"]
    assert "continuation-token=t" in script.requests[1][1]


@pytest.mark.parametrize("uri", ["s3://UPPER_case!/key", "s3://a/", "s3://b"])
def test_an_address_that_cannot_be_one_is_refused_without_a_request(script: Script, store: S3Store, uri: str) -> None:
    script.restart(Answer())
    with pytest.raises(StorageRefusedError, match="not a valid address"):
        store.get(uri)
    assert script.requests == []


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ({"AWS_SECRET_ACCESS_KEY": SECRET_KEY}, "has no AWS_ACCESS_KEY_ID;"),
        ({}, "has no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY;"),
        ({"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": "\n"}, "has no AWS_SECRET_ACCESS_KEY;"),
    ],
)
def test_a_secret_without_its_keys_is_told_by_their_names(tmp_path: Path, keys: dict[str, str], missing: str) -> None:
    write_secret(tmp_path, **keys)
    with pytest.raises(AccessDeniedError, match=f"Secret adult-s3 {missing}"):
        S3Store(Storage(endpoint="http://127.0.0.1:1", credentials_secret_name="adult-s3"), Access(tmp_path))


@pytest.mark.parametrize("value", ["first-half\nsecond-half", "first-half second", "“first-half”", "first-half\x00"])
def test_a_key_that_no_header_can_hold_is_told_by_its_name_before_a_library_shows_it(
    tmp_path: Path, value: str
) -> None:
    write_secret(tmp_path, AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY, AWS_SESSION_TOKEN=value)
    with pytest.raises(AccessDeniedError, match="Secret adult-s3: AWS_SESSION_TOKEN cannot be sent") as caught:
        S3Store(Storage(endpoint="http://127.0.0.1:1", credentials_secret_name="adult-s3"), Access(tmp_path))
    assert "half" not in str(caught.value)


def test_an_endpoint_with_a_password_which_is_refused_elsewhere_is_told_without_it() -> None:
    with opened(f"http://user:{SECRET_KEY}@127.0.0.1:{free_port()}") as store, pytest.raises(TrainerError) as caught:
        store.get(URI)
    assert SECRET_KEY not in str(caught.value)
    assert "http://…@127.0.0.1" in str(caught.value)


def test_without_any_credentials_the_error_says_where_they_would_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRIDFOLD_CREDENTIALS")
    with (
        serving(Answer()) as script,
        opened(script.endpoint) as store,
        pytest.raises(AccessDeniedError, match="credentialsSecretName"),
    ):
        store.get(URI)
    assert script.requests == []


@pytest.mark.parametrize(
    ("endpoint", "style", "start"),
    [
        ("http://s3.local:9000", "Auto", "http://s3.local:9000/data/"),
        ("http://s3.local:9000", "Path", "http://s3.local:9000/data/"),
        ("http://s3.local:9000", "Virtual", "http://data.s3.local:9000/"),
        (None, "Auto", "https://data.s3."),
        (None, "Virtual", "https://data.s3.eu-central-1.amazonaws.com/"),
        (None, "Path", "https://s3.eu-central-1.amazonaws.com/data/"),
    ],
)
def test_a_bucket_is_addressed_by_path_or_host_as_the_storage_says(
    endpoint: str | None, style: str, start: str
) -> None:
    with opened(endpoint, region="eu-central-1", addressing_style=style) as store:
        url = store._client.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"})
    assert url.startswith(start)


LONG = "\x1b[31m" + 3000 * "x" + "\u202e"
FOREIGN = [
    ("a code", Answer(400, f"<Error><Code>{3000 * 'x'}&#8238;</Code></Error>".encode())),
    ("a code of a refusal", Answer(403, f"<Error><Code>{3000 * 'x'}</Code></Error>".encode())),
    ("a message", Answer(400, f"<Error><Code>Odd</Code><Message>{3000 * '&#8238;'}</Message></Error>".encode())),
    ("a region", Answer(301, headers={"x-amz-bucket-region": LONG.encode().decode("latin-1")})),
    ("another place", Answer(307, headers={"Location": f"http://{LONG.encode().decode('latin-1')}/"})),
    ("a busy server", Answer(503, f"<Error><Code>{3000 * 'x'}</Code></Error>".encode())),
    ("a page", Answer(400, b"\x1b[31m" + b"x" * 5000)),
]


@pytest.mark.parametrize("answer", [answer for _, answer in FOREIGN], ids=[name for name, _ in FOREIGN])
def test_of_what_a_server_answers_a_short_line_is_told_at_most(script: Script, store: S3Store, answer: Answer) -> None:
    script.restart(answer)
    with pytest.raises(TrainerError) as caught:
        store.get(URI)
    message = str(caught.value)
    assert len(message) < 700, message
    assert not set(message) & set("\x1b\u202e\n")
