"""Keys of a pod without a Secret, on AWS: from the identity of its ServiceAccount, never from its node."""

import json
from pathlib import Path

import pytest

from gridfold.api.v1alpha1 import Storage
from gridfold_operator.manifests import DEFAULT_ENVIRONMENT
from gridfold_trainer.errors import AccessDeniedError
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.s3_store import Access, S3Store
from tests.unit.trainer.scripted_s3 import Answer, Script, serving

QUICK = Patience(connect_seconds=2, read_seconds=2, attempts=1, body_attempts=2, back_off_seconds=0.01)
KEYS = {"AccessKeyId": "ASIAPOD", "SecretAccessKey": "secret", "Expiration": "2999-01-01T00:00:00Z"}
ASSUMED = f"""<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
{"".join(f"<{name}>{value}</{name}>" for name, value in {**KEYS, "SessionToken": "token"}.items())}
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of a pod of a job, and nothing of the machine's own settings."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    for name, value in DEFAULT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def signed_by(storage: Script) -> str:
    """Read an object, and return the key that the request was signed by."""
    store = S3Store(Storage(endpoint=storage.endpoint), Access(None, patience=QUICK))
    try:
        assert store.get("s3://data/rows.csv") == b"a,b"
    finally:
        store.close()
    ((_, _, headers),) = storage.requests
    return headers["Authorization"].partition("Credential=")[2].partition("/")[0]


def test_eks_pod_identity_gives_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("of the ServiceAccount")
    with (
        serving(Answer(body=json.dumps({**KEYS, "Token": "token"}).encode())) as agent,
        serving(Answer(body=b"a,b")) as s3,
    ):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{agent.endpoint}/v1/credentials")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
        assert signed_by(s3) == "ASIAPOD"


def test_irsa_gives_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("of the ServiceAccount")
    with serving(Answer(body=ASSUMED.encode())) as sts, serving(Answer(body=b"a,b")) as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.endpoint)
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/pods")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        assert signed_by(s3) == "ASIAPOD"


def test_the_node_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Answer(body=b"role")) as node, serving(Answer(body=b"a,b")) as s3:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", node.endpoint)
        with pytest.raises(AccessDeniedError, match="or give the pod an identity|set AWS_ACCESS_KEY_ID"):
            signed_by(s3)
        assert (node.requests, s3.requests) == ([], [])
