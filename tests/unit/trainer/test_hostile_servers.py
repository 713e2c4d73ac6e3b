"""Servers that real life and bad will put before prepare: a typed error, nothing kept, and no secret told."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gridfold_trainer import prepare
from gridfold_trainer.errors import TrainerError
from gridfold_trainer.storage import addresses, http_store, opening
from gridfold_trainer.storage.addresses import CLUSTER_WEB, AddressRules
from gridfold_trainer.storage.downloads import Patience
from tests.unit.trainer.data_jobs import TABLE, context, stage_input
from tests.unit.trainer.scripted_s3 import Answer, Script, make_certificate, refusal, serving

pytestmark = pytest.mark.usefixtures("frames", "surroundings")

QUICK = Patience(connect_seconds=2, read_seconds=0.3, attempts=1, body_attempts=2, back_off_seconds=0.01)
SECRET = "wJalrXUtnFEMI-K7MDENG"
WHOLE = Answer(body=TABLE.encode())
METADATA = Answer(302, headers={"Location": "https://169.254.169.254/latest/meta-data/"})


class Server(NamedTuple):
    name: str
    answers: list[Answer]
    reason: str
    words: str
    retryable: bool = False
    web: bool = False


SERVERS = [
    Server("denied credentials", [refusal(403, "InvalidAccessKeyId")], "AccessDenied", "does not know this access key"),
    Server("a wrong secret key", [refusal(403, "SignatureDoesNotMatch")], "AccessDenied", "secret key does not belong"),
    Server("a bucket that does not exist", [refusal(404, "NoSuchBucket")], "BucketMissing", "has no bucket b"),
    Server("an object that does not exist", [refusal(404, "NoSuchKey")], "ObjectMissing", "does not exist on"),
    Server("a server that never answers", [Answer(hangs=True)], "StorageUnreachable", "does not answer", True),
    Server("a server that stops answering", [Answer(body=WHOLE.body, sent=500, hangs=True)], "StorageUnreachable",
           "s3://b/data.csv", True),
    Server("half an object", [Answer(body=WHOLE.body, sent=500)], "StorageUnreachable", "s3://b/data.csv", True),
    Server("another object in the middle", [WHOLE, Answer(body=WHOLE.body[::-1], headers={"ETag": '"other"'})],
           "SourceChanged", "replaced by another object", True),
    Server("a web page in place of a table", [Answer(body=b"<html>\n<p>Sign in\n</html>\n")], "DataError",
           'the one column "<html>"'),
    Server("a web server that refuses", [Answer(403)], "AccessDenied", "403", web=True),
    Server("a web server without the file", [Answer(404)], "ObjectMissing", "404", web=True),
    Server("half a file of the web", [Answer(body=WHOLE.body, sent=500)], "StorageUnreachable", "/data.csv?…", True,
           web=True),
    Server("a redirect to 169.254.169.254", [METADATA], "StorageRefused", "a job may not connect to it", web=True),
]  # fmt: skip


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the machine, little patience, and the rules of a cluster behind the first address."""
    settings = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "NO_PROXY": "127.0.0.1,localhost"}
    settings |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(tmp_path / "none")}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(opening.StoreAccess, "patience", QUICK)
    permitted = addresses.permitted

    def first_host_is_public(host: str, port: int, rules: AddressRules) -> list[str]:
        return ["127.0.0.1"] if host == "localhost" else permitted(host, port, rules)

    monkeypatch.setattr(addresses, "permitted", first_host_is_public)


def sources_of(case: Server, script: Script) -> dict[str, Any]:
    if case.web:
        return {"sources": [{"uri": f"https://localhost:{script.port}/data.csv?token={SECRET}"}]}
    return {"sources": [{"uri": "s3://b/data.csv", "storage": {"endpoint": script.endpoint}}]}


@pytest.mark.parametrize("case", SERVERS, ids=[case.name for case in SERVERS])
def test_a_hostile_server_ends_in_a_typed_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Server
) -> None:
    certificate = make_certificate(tmp_path) if case.web else None
    if certificate:
        web = http_store.Web(CLUSTER_WEB, certificate[1], QUICK)
        monkeypatch.setattr(http_store, "Web", lambda *_: web)
    with serving(*case.answers, certificate=certificate) as script:
        with pytest.raises(TrainerError) as caught:
            prepare.run(stage_input(dataset=sources_of(case, script)), context(tmp_path))
        assert script.requests
    message = str(caught.value)
    assert (caught.value.reason, caught.value.retryable) == (case.reason, case.retryable), message
    assert case.words in message
    assert SECRET not in message
    assert not any(word in message for word in ("Traceback", "object at 0x", "botocore", "urllib3"))
    assert not (tmp_path / "out").exists()
    assert list((tmp_path / "scratch").iterdir()) == []
