"""`gridfold run` on a laptop with everything in S3: credentials come from the SDK's own chain."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.local_jobs import LocalJob, write_rows
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture
def job(tmp_path: Path, testbed: Cluster, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalJob]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", testbed.s3_access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", testbed.s3_secret_key)
    write_rows(tmp_path / "rows.csv")
    bucket.client.upload_file(str(tmp_path / "rows.csv"), bucket.name, "data/rows.csv")
    job = LocalJob(tmp_path)
    job.write(
        storage={"endpoint": testbed.s3_endpoint, "region": testbed.s3_region},
        dataset={"sources": [{"uri": f"{bucket.uri}/data/rows.csv"}], "target": "ill"},
        output={"uri": f"{bucket.uri}/out/"},
    )
    yield job
    job.close()


def test_data_cache_and_results_in_s3_give_a_model_there_and_a_second_run_computes_nothing(
    job: LocalJob, bucket: Bucket
) -> None:
    code, out, err = job.run()
    assert code == 0, err
    keys = bucket.list_keys("out/")
    assert sum(key.startswith("out/cache/cells/") for key in keys) == 3
    assert any(key.endswith("/model.skops") for key in keys)
    latest = json.loads(bucket.client.get_object(Bucket=bucket.name, Key="out/latest.json")["Body"].read())
    assert (latest["owner"]["name"], latest["run"].startswith(f"{bucket.uri}/out/runs/1-")) == ("ill", True)
    assert f"Results     {bucket.uri}/out/runs/1-" in out
    code, out, err = job.run()
    assert code == 0, err
    assert "3 from the cache; nothing had to be computed again" in out


def test_the_output_option_moves_results_of_a_job_in_s3_to_this_machine(job: LocalJob, bucket: Bucket) -> None:
    assert job.run("--output", "here")[0] == 0
    assert len(job.cells("here")) == 3
    assert bucket.list_keys("out/") == []


def test_wrong_credentials_end_with_1_and_say_so_without_showing_them(
    job: LocalJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret")
    code, _, err = job.run()
    assert code == 1
    assert "AccessDenied" in err
    assert "wrong-and-secret" not in err
