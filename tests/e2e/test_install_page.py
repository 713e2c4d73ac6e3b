"""What a fresh reader does: a tenant and a first job, as docs/install.md has them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cluster_jobs import ClusterJobs
from tests.e2e.test_steering import assert_complete
from tests.testbed.errors import TestbedError
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

PAGE = Path(__file__).parents[2] / "docs/install.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
(MAKING,) = re.findall(r"^(awk .*?) > rows\.csv$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("nothing_else", [False, True], ids=["edit", "trainingjobs-and-nothing-else"])
def test_the_first_job_of_a_tenant_completes_with_nothing_but_the_page(
    jobs: ClusterJobs, nothing_else: bool, request: pytest.FixtureRequest
) -> None:
    tenant, rights, first = BLOCKS
    _, binding, secret = tenant.split("---\n")
    secret = secret.replace('KEY_ID: "…"', f"KEY_ID: {jobs.testbed.s3_access_key!r}")
    secret = secret.replace('ACCESS_KEY: "…"', f"ACCESS_KEY: {jobs.testbed.s3_secret_key!r}")
    given = rights if nothing_else else binding
    given = given.replace("gridfold-system", jobs.operator.namespace).replace("team-a", jobs.namespace)
    secret = secret.replace("team-a", jobs.namespace)
    jobs.kubectl("apply", "-f", "-", stdin=f"{given}---\n{secret}")
    request.addfinalizer(lambda: jobs.kubectl("delete", "-f", "-", stdin=given))
    rows = subprocess.check_output(["sh", "-c", MAKING])
    jobs.bucket.client.put_object(Bucket=jobs.bucket.name, Key="rows.csv", Body=rows)
    first = first.replace("s3://team-a", jobs.bucket.uri).replace("team-a", jobs.namespace)
    first = first.replace("https://s3.example.com", jobs.testbed.s3_endpoint).replace("eu-central-1", "us-east-1")
    tenant_words = ("--as=anna", f"--as-group={jobs.namespace}")

    def refused() -> str | None:
        try:
            jobs.kubectl(*tenant_words, "apply", "--dry-run=server", "-f", "-", stdin=first)
        except TestbedError as error:
            return str(error)
        return None

    wait_until(refused, timeout_seconds=60, what="The API server knows the tenant's role")
    if nothing_else:
        with pytest.raises(TestbedError, match="forbidden"):
            jobs.kubectl(*tenant_words, "get", "secret", "storage", "--namespace", jobs.namespace)
    jobs.kubectl(*tenant_words, "apply", "-f", "-", stdin=first)
    jobs.names.append("first")
    assert_complete(jobs, "first")
    assert "Complete" in jobs.kubectl(*tenant_words, "get", "tj", "first", "--namespace", jobs.namespace)
