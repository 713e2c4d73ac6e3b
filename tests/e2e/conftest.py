"""One operator and one bucket for all whole jobs of a session.

The operator serves one namespace: other tests' TrainingJobs are left alone.
"""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.cluster.installation import Installation, chart_values, installed, make_namespace
from tests.e2e.cluster_jobs import ClusterJobs
from tests.e2e.secure_jobs import SecureJobs
from tests.testbed.plugin import Bucket, Cluster, SecureStorage, fresh_bucket, s3_client, secure_client

if TYPE_CHECKING:
    from tests.e2e.warm_jobs import WarmRunner


def is_last(item: pytest.Item) -> bool:
    return item.get_closest_marker("last") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is marked as last behind the others of its file, in whatever order these run."""
    of_files = [[*found] for _, found in itertools.groupby(items, lambda item: item.path)]
    items[:] = [item for found in of_files for item in sorted(found, key=is_last)]


@pytest.fixture(scope="module")
def warm() -> "Iterator[WarmRunner]":
    """Jobs of GridSearch are run by forks of one process, and pandas is on the path, as in a notebook."""
    from tests.e2e.warm_jobs import warm_runner

    with pytest.MonkeyPatch.context() as patch, warm_runner() as runner:
        patch.setattr(sys, "path", [*sys.path, str(Path(sys.prefix) / "gridfold-frames")])
        runner.use(patch)
        yield runner


def storage_of(testbed: Cluster) -> tuple[str, ...]:
    """Return where the tests' servers are, as a platform names them in its chart's values."""
    own = testbed.own.instance().addresses if testbed.own else None
    places = [str(urlsplit(testbed.s3_endpoint).hostname), *([own.node_ip, own.host_ip] if own else [])]
    return tuple(dict.fromkeys(places))


@pytest.fixture(scope="session")
def operator(testbed: Cluster, images: dict[str, str]) -> Iterator[Installation]:
    """The operator, installed by its chart from the images as the sources are now."""
    served = make_namespace(testbed.kubectl, "e2e")
    values = chart_values(images, (served,), storage_of(testbed), kueue={"enabled": True})
    try:
        with installed(testbed, values) as installation:
            yield installation
    finally:
        testbed.kubectl("delete", "namespace", served, "--wait=false")


@pytest.fixture(scope="session")
def session_bucket(testbed: Cluster) -> Iterator[Bucket]:
    """A bucket, emptied and removed at the end of the session."""
    with fresh_bucket("e2e", s3_client(testbed)) as made:
        yield made


@pytest.fixture(scope="session")
def session_jobs(testbed: Cluster, operator: Installation, session_bucket: Bucket) -> ClusterJobs:
    """TrainingJobs in the operator's namespace."""
    (namespace,) = operator.served
    made = ClusterJobs(testbed, namespace, session_bucket, operator)
    made.add_credentials()
    return made


@pytest.fixture(scope="session")
def session_secure(session_jobs: ClusterJobs, secure_storage: SecureStorage) -> Iterator[SecureJobs]:
    """The S3 server behind TLS, as the operator's namespace knows it."""
    with fresh_bucket("e2e", secure_client(secure_storage)) as bucket:
        made = SecureJobs(secure_storage, bucket)
        made.add_access(session_jobs)
        yield made


@pytest.fixture
def jobs(session_jobs: ClusterJobs) -> Iterator[ClusterJobs]:
    """The same for one test; what it leaves behind is deleted."""
    before = len(session_jobs.names)
    yield session_jobs
    session_jobs.delete(*session_jobs.names[before:])
