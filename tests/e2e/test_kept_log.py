"""What a failed cell has said outlives its pod."""

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster


def test_a_cell_that_takes_too_long_leaves_its_log_in_the_runs_folder_and_its_message_says_where(
    jobs: ClusterJobs,
) -> None:
    execution = {"cellTimeoutSeconds": 10, "maxFailedCells": 0, "parallelism": 1}
    name = jobs.apply(jobs.manifest("logged", jobs.upload(two_column_table()), execution=execution, **LONG_CELLS))
    status = jobs.wait_until_it_ends(name)
    failed = condition(status, "Failed")
    assert failed["reason"] == "TooManyFailedCells"
    (key, *_) = [key for key in jobs.bucket.list_keys(f"{name}/runs/") if "/logs/" in key]
    assert f"Its log: {jobs.bucket.uri}/{key}" in failed["message"]
    log = jobs.bucket.client.get_object(Bucket=jobs.bucket.name, Key=key)["Body"].read().decode()
    assert "CellTimeout: The cell took longer than spec.execution.cellTimeoutSeconds (10 s)" in log
    assert jobs.testbed.s3_secret_key not in log
