"""TrainingJobs of an operator that a test has for itself, to do with it what others could not bear."""

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.cluster.installation import chart_values, installed, make_namespace
from tests.e2e.cluster_jobs import ClusterJobs
from tests.testbed.plugin import Bucket, Cluster


@contextlib.contextmanager
def own_operator(testbed: Cluster, images: dict[str, str], bucket: Bucket, **changes: Any) -> Iterator[ClusterJobs]:
    """Install an operator of a fresh namespace, with changed values of the chart, for the time of the block."""
    namespace = make_namespace(testbed.kubectl, "e2e")
    try:
        with installed(testbed, chart_values(images, (namespace,), **changes)) as installation:
            made = ClusterJobs(testbed, namespace, bucket, installation)
            made.add_credentials()
            yield made
    finally:
        testbed.kubectl("delete", "namespace", namespace, "--wait=false")
