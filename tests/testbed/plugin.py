"""pytest fixtures on a real cluster: `testbed`, `images`, `namespace`, `kubectl`, `bucket`,
`secure_storage`, `secure_bucket`.

The cluster is the project's own testbed, started once per run if it is not up, or the one that
GRIDFOLD_TEST_KUBECONFIG points to. Where neither can be had the tests are skipped, in one line; where CI=true
they fail, because a green run must have run them.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.testbed import machine
from tests.testbed.api import Testbed
from tests.testbed.errors import UnavailableError
from tests.testbed.instance import REGION, S3_DOMAIN
from tests.testbed.kubectl import Kubectl
from tests.testbed.waiting import wait_until

_PREFIX = "GRIDFOLD_TEST_"


@dataclass(frozen=True)
class Cluster:
    """What a test may know of the cluster it runs on. `own` is None on a cluster that is not ours."""

    kubectl: Kubectl
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_region: str
    python_image: str
    own: Testbed | None

    @property
    def kubeconfig(self) -> str:
        return str(self.kubectl.kubeconfig)

    def require_own(self) -> Testbed:
        """Return the testbed, or skip a test that needs its simulated nodes or its files."""
        if self.own is None:
            pytest.skip(
                "This test needs the project's own testbed, and GRIDFOLD_TEST_KUBECONFIG names another cluster."
            )
        return self.own


@pytest.fixture(scope="session")
def testbed() -> Iterator[Cluster]:
    """The running cluster."""
    if kubeconfig := os.environ.get(f"{_PREFIX}KUBECONFIG"):
        yield _foreign(Path(kubeconfig))
        return
    bed = Testbed.of_environment()
    if lacking := _lacking():
        _cannot(lacking)
    with bed.borrowed(quick_jobs=True) as described, pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, described.as_environment()[name])
        kubectl = Kubectl.of(bed.instance())
        others = _leaving(kubectl).keys()
        yield Cluster(
            kubectl=kubectl,
            s3_endpoint=described.s3_endpoint,
            s3_access_key=described.s3_access_key,
            s3_secret_key=described.s3_secret_key,
            s3_region=described.s3_region,
            python_image=described.python_image,
            own=bed,
        )
        _wait_until_gone(kubectl, others)


def _leaving(kubectl: Kubectl) -> dict[str, str]:
    """Return what each namespace that is being deleted waits for, in Kubernetes's words."""
    found = [one for one in kubectl.get("namespaces")["items"] if one["status"]["phase"] == "Terminating"]
    return {
        one["metadata"]["name"]: " ".join(
            condition["message"] for condition in one["status"].get("conditions", ()) if condition["status"] == "True"
        )
        for one in found
    }


def _wait_until_gone(kubectl: Kubectl, others: Collection[str]) -> None:
    """Wait until namespaces that tests have deleted are gone: what a finalizer holds in one would be there for ever."""

    def left() -> str | None:
        found = {name: said for name, said in _leaving(kubectl).items() if name not in others}
        return f"Left are {found}." if found else None

    def held() -> str:
        words = ("get", "all", "--output=name", "--namespace")  # a namespace that waits for pods tells nothing itself
        return "\n".join(f"{name}: {kubectl(*words, name).split()}" for name in _leaving(kubectl))

    what = "All that the tests have left goes"
    wait_until(left, timeout_seconds=120, what=what, every_seconds=0.5, explain=held)


def _lacking() -> str | None:
    """Return what this machine lacks to run the testbed."""
    try:
        machine.check()
    except UnavailableError as error:
        return str(error)
    return None


def _foreign(kubeconfig: Path) -> Cluster:
    """Return the cluster that somebody has pointed to on purpose."""
    program = shutil.which("kubectl")
    if program is None:
        _cannot(f"{_PREFIX}KUBECONFIG is set, but there is no kubectl on the path; install it.")
    return Cluster(
        kubectl=Kubectl(program, kubeconfig),
        s3_endpoint=_given("S3_ENDPOINT"),
        s3_access_key=_given("S3_ACCESS_KEY"),
        s3_secret_key=_given("S3_SECRET_KEY"),
        s3_region=os.environ.get(f"{_PREFIX}S3_REGION", "us-east-1"),
        python_image=os.environ.get(f"{_PREFIX}PYTHON_IMAGE", "python:3.12-slim"),
        own=None,
    )


def _given(name: str) -> str:
    value = os.environ.get(_PREFIX + name)
    if not value:
        _cannot(f"{_PREFIX}KUBECONFIG is set, but {_PREFIX}{name} is not; a cluster that is not ours needs both.")
    return value


def _cannot(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"In CI the cluster tests must run. {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def images(testbed: Cluster) -> dict[str, str]:
    """The names of the project's images by "operator" and "trainer", as the sources are now, in the cluster."""
    if testbed.own is None:
        return {"operator": _given("OPERATOR_IMAGE"), "trainer": _given("TRAINER_IMAGE")}
    return testbed.own.load_images()


@pytest.fixture(scope="session")
def kubectl(testbed: Cluster) -> Kubectl:
    """kubectl as a function: it returns what it prints, and raises with what it says when it fails."""
    return testbed.kubectl


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A fresh namespace under restricted Pod Security; it is deleted while the next test runs."""
    name = f"test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@dataclass(frozen=True)
class Bucket:
    """A fresh S3 bucket and a client for it."""

    name: str
    client: Any

    @property
    def uri(self) -> str:
        return f"s3://{self.name}"

    def list_keys(self, prefix: str = "") -> list[str]:
        """Return the keys below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


@dataclass(frozen=True)
class SecureStorage:
    """The testbed's second S3 server: TLS by an authority of our own, keys of its own, buckets also as host names."""

    endpoint: str
    domain: str  #: buckets are hosts below it; no name server knows them
    keys: tuple[str, str]
    ca_bundle: Path


@pytest.fixture(scope="session")
def secure_storage(testbed: Cluster) -> SecureStorage:
    """The S3 server behind TLS."""
    own = testbed.require_own().instance()
    return SecureStorage(own.s3_tls_url, S3_DOMAIN, own.tls_keys, own.state / "pki" / "ca.crt")


def s3_client(cluster: Cluster, *, secret_key: str | None = None) -> Any:
    """Return a boto3 client for the cluster's S3 server; another secret key is for proving that it is refused."""
    keys = (cluster.s3_access_key, secret_key or cluster.s3_secret_key)
    return _client(cluster.s3_endpoint, keys, region_name=cluster.s3_region)


def secure_client(server: SecureStorage) -> Any:
    """Return a boto3 client for the S3 server behind TLS."""
    return _client(server.endpoint, server.keys, region_name=REGION, verify=str(server.ca_bundle))


def _client(endpoint: str, keys: tuple[str, str], **options: Any) -> Any:
    boto3 = pytest.importorskip("boto3")
    from botocore.config import Config

    config = Config(
        proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4"
    )
    keys_named = {"aws_access_key_id": keys[0], "aws_secret_access_key": keys[1]}
    return boto3.client("s3", endpoint_url=endpoint, config=config, **keys_named, **options)


@contextlib.contextmanager
def fresh_bucket(prefix: str, client: Any) -> Iterator[Bucket]:
    """Have a bucket for the time of the block; it is emptied and removed at the end.

    Pods whose namespace is on its way out may write a last object in between: then it is emptied again.
    """
    made = Bucket(f"{prefix}-{secrets.token_hex(6)}", client)
    made.client.create_bucket(Bucket=made.name)
    yield made
    wait_until(lambda: _remove(made), timeout_seconds=60, what=f"The bucket {made.name} goes")
    made.client.close()


def _remove(bucket: Bucket) -> str | None:
    """Empty and remove a bucket; return what is in the way where something still writes to it."""
    from botocore.exceptions import ClientError

    keys = bucket.list_keys()
    for key in keys:
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    try:
        bucket.client.delete_bucket(Bucket=bucket.name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketNotEmpty":
            raise
        return f"Something has written to it since {len(keys)} objects were deleted: {bucket.list_keys()[:5]}"
    return None


@pytest.fixture
def bucket(testbed: Cluster) -> Iterator[Bucket]:
    """A fresh bucket, emptied and removed at the end."""
    with fresh_bucket("test", s3_client(testbed)) as made:
        yield made


@pytest.fixture
def secure_bucket(secure_storage: SecureStorage) -> Iterator[Bucket]:
    """A fresh bucket of the server behind TLS."""
    with fresh_bucket("test", secure_client(secure_storage)) as made:
        yield made
