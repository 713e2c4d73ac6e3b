"""Why a server cannot be talked to: one case a cause, each over a real socket, for S3 and for https:// sources."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import CredentialRetrievalError

from gridfold.api.handoff import BASE_FOLDER_VARIABLE
from gridfold.api.v1alpha1 import Storage
from gridfold_trainer.errors import (
    AccessDeniedError,
    BucketMissingError,
    HostUnknownError,
    ObjectMissingError,
    StorageRefusedError,
    StorageUnreachableError,
    TrainerError,
)
from gridfold_trainer.storage.addresses import LAPTOP
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.http_store import HttpStore, Web
from gridfold_trainer.storage.s3_errors import translated
from gridfold_trainer.storage.s3_store import Access, S3Store
from tests.unit.trainer.scripted_s3 import (
    Answer,
    free_port,
    make_certificate,
    make_expired_certificate,
    refusal,
    serving,
)

QUICK = Patience(connect_seconds=2, read_seconds=2, attempts=1, body_attempts=1, back_off_seconds=0.01)
#: host and port of the server, and the bundle of authorities that the client trusts.
Place = tuple[str, int, Path | None]


@dataclass(frozen=True)
class Certificates:
    """Keys and certificates of servers on this machine."""

    good: tuple[Path, Path]
    expired: tuple[Path, Path]
    elsewhere: tuple[Path, Path]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder, other = tmp_path_factory.mktemp("certificates"), tmp_path_factory.mktemp("elsewhere")
    elsewhere = make_certificate(other, "DNS:elsewhere.example")
    return Certificates(make_certificate(folder), make_expired_certificate(folder), elsewhere)


@pytest.fixture(scope="module", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("secret")
    (folder / "AWS_ACCESS_KEY_ID").write_text("AKIDEXAMPLE")
    (folder / "AWS_SECRET_ACCESS_KEY").write_text("the-secret-key")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "*")
        patch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
        patch.delenv(BASE_FOLDER_VARIABLE, raising=False)
        yield folder


@contextmanager
def answering(answer: Answer, certificate: tuple[Path, Path] | None) -> Iterator[tuple[str, int]]:
    with serving(answer, certificate=certificate) as script:
        yield "localhost", script.port


@contextmanager
def backlog_that_is_full() -> Iterator[tuple[str, int]]:
    """Give a port whose listener accepts nobody and has a full queue: who connects is not answered at all."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield "127.0.0.1", listener.getsockname()[1]


def s3_error(place: Place, scheme: str, folder: Path) -> TrainerError:
    host, port, bundle = place
    storage = Storage(endpoint=f"{scheme}://{host}:{port}", region="eu-west-1", credentials_secret_name="keys")
    store = S3Store(storage, Access(folder, bundle, LAPTOP, QUICK))
    try:
        with pytest.raises(TrainerError) as caught:
            store.get("s3://data/rows.csv")
        return caught.value
    finally:
        store.close()


def web_error(place: Place, folder: Path) -> TrainerError:
    host, port, bundle = place
    store = HttpStore(Web(LAPTOP, bundle, QUICK))
    with pytest.raises(TrainerError) as caught:
        store.download(f"https://{host}:{port}/rows.csv?X-Signature=abc123", folder / "file")
    return caught.value


@dataclass(frozen=True)
class Case:
    """A cause: how the server answers, and what must be said of it."""

    error: type[TrainerError]
    says: tuple[str, ...]
    answer: Answer | None = None
    certificate: str = ""  #: "": plain; else which one the server shows
    trusted: bool = True
    host: str = "localhost"


ELSEWHERE = Answer(
    301, b"<Error><Code>PermanentRedirect</Code></Error>", headers={"x-amz-bucket-region": "eu-central-1"}
)
MALFORMED = Answer(
    400,
    b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting us-west-2</Message>"
    b"<Region>us-west-2</Region></Error>",
)
S3_CASES = {
    "the host name is unknown": Case(
        HostUnknownError,
        ("host name nowhere.invalid is unknown", "correct storage.endpoint", "DNS"),
        host="nowhere.invalid",
    ),
    "nobody listens": Case(
        StorageUnreachableError, ("refuses the connection", "start that server", "storage.endpoint")
    ),
    "a read times out": Case(StorageUnreachableError, ("not answer in time", "storage.endpoint"), Answer(hangs=True)),
    "the connection ends in the middle": Case(
        StorageUnreachableError, ("ended the connection in the middle",), Answer(body=b"x" * 99, sent=9)
    ),
    "the authority is unknown": Case(
        StorageRefusedError, ("its authority is unknown", "caBundleConfigMapName"), Answer(), "good", trusted=False
    ),
    "the certificate has expired": Case(StorageRefusedError, ("has expired", "renew it"), Answer(), "expired"),
    "the certificate is for another name": Case(
        StorageRefusedError,
        ("is for another name", "'localhost'", "storage.endpoint"),
        Answer(),
        "elsewhere",
    ),
    "https is asked of a server without": Case(
        StorageRefusedError, ("does not speak TLS", "http:// in storage.endpoint"), Answer(), "https only asked"
    ),
    "the right is missing": Case(
        AccessDeniedError, ("do not give the right", "Secret keys", "change spec.retry"), refusal(403, "AccessDenied")
    ),
    "the signature is wrong": Case(
        AccessDeniedError, ("secret key does not belong", "correct it"), refusal(403, "SignatureDoesNotMatch")
    ),
    "there is no such bucket": Case(BucketMissingError, ("no bucket data", "create it"), refusal(404, "NoSuchBucket")),
    "there is no such object": Case(ObjectMissingError, ("does not exist",), refusal(404, "NoSuchKey")),
    "the bucket is in another region": Case(StorageRefusedError, ("write storage.region: eu-central-1",), ELSEWHERE),
    "the request names another region": Case(StorageRefusedError, ("write storage.region: us-west-2",), MALFORMED),
    "a web server sends on": Case(
        StorageRefusedError,
        ("sends requests on to https://console.example/login", "correct storage.endpoint"),
        Answer(302, headers={"Location": "https://console.example/login?token=secret"}),
    ),
    "it is busy": Case(StorageUnreachableError, ("SlowDown", "it is busy"), refusal(503, "SlowDown")),
    "it has a trouble of its own": Case(StorageUnreachableError, ("its log tells",), refusal(500, "InternalError")),
    "too many requests": Case(StorageUnreachableError, ("it is busy",), Answer(429)),
}
WEB_CASES = {
    "the host name is unknown": Case(
        HostUnknownError, ("host name nowhere.invalid is unknown", "correct the URL", "DNS"), host="nowhere.invalid"
    ),
    "nobody listens": Case(StorageUnreachableError, ("refuses the connection", "correct the URL")),
    "a read times out": Case(StorageUnreachableError, ("not answer in time", "firewall"), Answer(hangs=True), "good"),
    "the connection ends in the middle": Case(
        StorageUnreachableError, ("ended the connection in the middle",), Answer(body=b"x" * 99, sent=9), "good"
    ),
    "the authority is unknown": Case(
        StorageRefusedError, ("its authority is unknown", "caBundleConfigMapName"), Answer(), "good", trusted=False
    ),
    "the certificate has expired": Case(StorageRefusedError, ("has expired", "renew it"), Answer(), "expired"),
    "the certificate is for another name": Case(
        StorageRefusedError, ("is for another name", "'localhost'", "the URL"), Answer(), "elsewhere"
    ),
    "https is asked of a server without": Case(
        StorageRefusedError, ("does not speak TLS", "correct the port in the URL"), Answer(), "https only asked"
    ),
    "it may not be read": Case(AccessDeniedError, ("answers 403", "without credentials"), Answer(403), "good"),
    "it is not there": Case(ObjectMissingError, ("answers 404", "correct the URL"), Answer(404), "good"),
    "it is busy": Case(StorageUnreachableError, ("answers 503", "busy"), Answer(503), "good"),
    "too many requests": Case(StorageUnreachableError, ("answers 429", "busy"), Answer(429), "good"),
    "plain http is sent on to": Case(
        StorageRefusedError,
        ("redirected to http://example.org", "only https://"),
        Answer(302, headers={"Location": "http://example.org/"}),
        "good",
    ),
}


def told(case: Case, certificates: Certificates, ask: Callable[[Place], TrainerError]) -> TrainerError:
    """Return the error of a case; the secret and the signature are in none."""
    shown = getattr(certificates, case.certificate, None)
    bundle = (shown or certificates.good)[1] if case.trusted else None
    with ExitStack() as stack:
        port = free_port()
        if case.answer is not None:
            _, port = stack.enter_context(answering(case.answer, shown))
        error = ask((case.host, port, bundle))
    assert "the-secret-key" not in str(error)
    assert "abc123" not in str(error)
    assert "token=secret" not in str(error)
    return error


@pytest.mark.parametrize("name", S3_CASES)
def test_each_cause_of_an_s3_server_is_told_apart_with_what_to_do(
    name: str, certificates: Certificates, surroundings: Path
) -> None:
    case = S3_CASES[name]
    scheme = "https" if case.certificate else "http"
    error = told(case, certificates, lambda place: s3_error(place, scheme, surroundings))
    assert type(error) is case.error, error
    assert [words for words in case.says if words not in str(error)] == [], str(error)


@pytest.mark.parametrize("name", WEB_CASES)
def test_each_cause_of_a_web_server_is_told_apart_with_what_to_do(
    name: str, certificates: Certificates, tmp_path: Path
) -> None:
    case = WEB_CASES[name]
    error = told(case, certificates, lambda place: web_error(place, tmp_path))
    assert type(error) is case.error, error
    assert [words for words in case.says if words not in str(error)] == [], str(error)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Error retrieving metadata: Received error when attempting to retrieve ECS metadata: Connect timeout", True),
        ("Error retrieving metadata: Received non 200 response 503 from container metadata: busy", True),
        ("Error retrieving metadata: Received non 200 response 403 from container metadata: no", False),
        ("the web identity token has expired", False),
    ],
)
def test_a_service_of_identities_that_is_away_for_a_moment_is_no_missing_right(said: str, error: bool) -> None:
    expected = StorageUnreachableError if error else AccessDeniedError
    with pytest.raises(expected, match="the pod's identity"), translated("s3://a/b", "S3", "the pod's identity"):
        raise CredentialRetrievalError(provider="container-role", error_msg=said)


def test_a_connection_that_is_never_taken_is_a_timeout(surroundings: Path, tmp_path: Path) -> None:
    with backlog_that_is_full() as (host, port):
        for error in (s3_error((host, port, None), "http", surroundings), web_error((host, port, None), tmp_path)):
            assert type(error) is StorageUnreachableError
            assert "does not answer in time" in str(error)


def test_on_a_laptop_the_advice_is_for_a_laptop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificates: Certificates
) -> None:
    monkeypatch.setenv(BASE_FOLDER_VARIABLE, str(tmp_path))
    unknown = told(WEB_CASES["the host name is unknown"], certificates, lambda place: web_error(place, tmp_path))
    assert "check this machine's network" in str(unknown)
    authority = told(WEB_CASES["the authority is unknown"], certificates, lambda place: web_error(place, tmp_path))
    assert "GRIDFOLD_CA_BUNDLE" in str(authority)
