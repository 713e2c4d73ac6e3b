"""`gridfold run` on a laptop with everything in S3: credentials come from the SDK's own chain."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridfold_notebook import open_run
from gridfold_notebook.run import NoRunError
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
    job: LocalJob, testbed: Cluster, bucket: Bucket
) -> None:
    code, out, err = job.run()
    assert code == 0, err
    keys = bucket.list_keys("out/")
    assert sum(key.startswith("out/cache/cells/") for key in keys) == 3
    assert any(key.endswith("/model.skops") for key in keys)
    latest = json.loads(bucket.client.get_object(Bucket=bucket.name, Key="out/latest.json")["Body"].read())
    assert (latest["owner"]["name"], latest["run"].startswith(f"{bucket.uri}/out/runs/1-")) == ("ill", True)
    assert f"Results     {bucket.uri}/out/runs/1-" in out
    run = open_run(f"{bucket.uri}/out", endpoint=testbed.s3_endpoint, region=testbed.s3_region)
    assert run.location == latest["run"]
    assert len(run.cv_results_["params"]) == 3
    with pytest.raises(NoRunError, match="has no status.json"):
        open_run(f"{bucket.uri}/data", endpoint=testbed.s3_endpoint, region=testbed.s3_region)
    code, out, err = job.run()
    assert code == 0, err
    assert "3 from the cache; nothing had to be computed again" in out


def test_half_a_result_and_half_a_data_set_in_the_cache_are_made_again_and_nothing_else(
    job: LocalJob, bucket: Bucket
) -> None:
    assert job.run()[0] == 0
    kept = {key: bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read() for key in bucket.list_keys()}
    cell, *others = [key for key in kept if key.startswith("out/cache/cells/")]
    (data,) = [key for key in kept if key.startswith("out/cache/prepared/") and key.endswith("/X.npy")]
    for key in (cell, data):
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=kept[key][: len(kept[key]) // 2])
    before = marks(bucket)
    code, out, err = job.run()
    assert code == 0, err
    assert re.search(r"^Cells +3: 2 from the cache, 1 computed$", out, re.MULTILINE)
    healed = bucket.client.get_object(Bucket=bucket.name, Key=data)["Body"].read()
    assert healed == kept[data]
    assert all(marks(bucket)[key] == before[key] for key in others)
    assert scores_of(bucket, cell) == json.loads(kept[cell])["scores"]


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


def test_a_plan_looks_into_the_bucket_and_leaves_it_as_it_is(job: LocalJob, bucket: Bucket) -> None:
    code, out, err = job.command("plan")
    assert (code, err) == (0, "")
    assert "Cached      unknown until the data is prepared; gridfold run does it first" in out.splitlines()
    assert bucket.list_keys("out/") == []
    assert job.run()[0] == 0
    before = marks(bucket)
    code, out, err = job.command("plan")
    assert (code, err) == (0, "")
    assert "Cached      3 of 3 cells, 0 to compute (0 fits)" in out.splitlines()
    assert marks(bucket) == before


def test_results_in_a_bucket_are_shown_and_their_table_can_be_had_as_files(job: LocalJob, bucket: Bucket) -> None:
    code, out, err = job.command("results")
    assert (code, out) == (1, "")
    assert err == f"NoResults: {bucket.uri}/out/ has no results of a finished run; run the job first.\n"
    _, ran, _ = job.run()
    code, out, err = job.command("results", "--csv", "table.csv", "--parquet", "table.parquet")
    assert (code, err) == (0, "")
    assert next(line for line in ran.splitlines() if line.startswith("Results")) in out.splitlines()
    for name in ("csv", "parquet"):
        (key,) = [key for key in bucket.list_keys("out/runs/") if key.endswith(f"/results.{name}")]
        stored = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
        assert (job.folder / f"table.{name}").read_bytes() == stored


@pytest.mark.long
def test_a_bucket_is_pruned_down_to_what_the_current_runs_are_made_of(
    job: LocalJob, testbed: Cluster, bucket: Bucket
) -> None:
    def run(output: str, *grid: float) -> str:
        job.write(
            storage={"endpoint": testbed.s3_endpoint, "region": testbed.s3_region},
            dataset={"sources": [{"uri": f"{bucket.uri}/data/rows.csv"}], "target": "ill"},
            search={"grid": [{"C": grid}]},
            output={"uri": f"{bucket.uri}/{output}/", "cacheUri": f"{bucket.uri}/cache/"},
        )
        code, out, err = job.run()
        assert code == 0, err
        return out

    run("other", 0.1)
    run("out", 0.1, 1.0)
    run("out", 2.0)
    bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"cache/prepared/{'b' * 64}/X.npy")
    before = marks(bucket)
    assert "Dry run" in job.command("prune", "--older-than", "0")[1]
    assert marks(bucket) == before
    code, out, err = job.command("prune", "--older-than", "0", "--yes")
    assert (code, err) == (0, "")
    for line in (r"Removed +1 run \(", r"Removed +1 cell's result \(", r"Removed +1 write that was broken off \("):
        assert re.search(f"^{line}", out, re.MULTILINE), out
    assert marks(bucket).items() <= before.items()
    assert "Uploads" not in bucket.client.list_multipart_uploads(Bucket=bucket.name)
    assert "1 from the cache; nothing had to be computed again" in run("out", 2.0)
    assert "1 from the cache; nothing had to be computed again" in run("other", 0.1)


@pytest.mark.long
def test_half_an_object_of_the_results_is_never_shown(job: LocalJob, bucket: Bucket) -> None:
    assert job.run()[0] == 0
    for damaged in ("latest.json", "status.json", "results.csv"):
        (key,) = [key for key in bucket.list_keys("out/") if key.endswith(damaged)]
        body = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body[: len(body) // 2])
        code, out, err = job.command("results", "--csv", "table.csv")
        assert (code, out) == (1, "")
        assert damaged in err
        assert "Traceback" not in err
        assert not (job.folder / "table.csv").exists()
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body)
    assert job.command("results", "--csv", "table.csv")[0] == 0


@pytest.mark.parametrize("command", ["plan", "results", "prune"])
def test_storage_that_refuses_ends_commands_in_words(
    job: LocalJob, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret")
    code, out, err = job.command(command)
    assert (code, out) == (1, "")
    assert err.startswith("AccessDenied: ")
    assert "wrong-and-secret" not in err
    assert "Traceback" not in err


def scores_of(bucket: Bucket, cell: str) -> object:
    return json.loads(bucket.client.get_object(Bucket=bucket.name, Key=cell)["Body"].read())["scores"]


def marks(bucket: Bucket) -> dict[str, tuple[str, object]]:
    """Return the mark and time of every object."""
    listed = bucket.client.list_objects_v2(Bucket=bucket.name)["Contents"]
    return {found["Key"]: (found["ETag"], found["LastModified"]) for found in listed}
