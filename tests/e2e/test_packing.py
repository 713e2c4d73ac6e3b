"""Pods of several cells on the cluster: what one cell does to its pod costs the others nothing."""

import json
from datetime import datetime
from typing import Any

import pytest

from gridfold.api import labels
from gridfold.domain.groups import parse_groups
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster

#: Two layers of so many neurons have four million weights: with gradients and Adam's moments 220 MiB more than a few
#: neurons have. A cell with a small network takes some 150 MiB.
WIDE = [[4], [2000, 2000], [5]]
SCARCE = {"requests": {"cpu": "400m", "memory": "130Mi"}, "limits": {"memory": "260Mi"}}
FOREST = {"className": "sklearn.ensemble.RandomForestClassifier", "parameters": {"random_state": 0}}


def pods_of_cells(jobs: ClusterJobs, name: str) -> list[dict[str, Any]]:
    return jobs.children("pods", name, "cell")


def results_in_store(jobs: ClusterJobs, name: str) -> dict[str, datetime]:
    """Return when the result of each cell was stored."""
    listed = jobs.bucket.client.list_objects_v2(Bucket=jobs.bucket.name, Prefix=f"{name}/cache/cells/")
    return {found["Key"]: found["LastModified"] for found in listed.get("Contents", [])}


def test_a_cell_that_takes_more_memory_than_its_pod_has_is_found_and_alone_has_failed(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest(
        "hungry-pod",
        jobs.upload(two_column_table(30)),
        estimator={"className": "sklearn.neural_network.MLPClassifier", "parameters": {"max_iter": 1}},
        search={"grid": [{"hidden_layer_sizes": WIDE}]},
        crossValidation={"folds": 2},
        execution={"resources": SCARCE, "packing": {"mode": "Fixed", "cellsPerPod": 3}},
    )
    name = jobs.apply(manifest)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "CompletedWithFailures", status["conditions"]
    rows = jobs.results(status)
    assert [row["outcome"] for row in rows] == ["succeeded", "failed", "succeeded"]
    assert "memory" in rows[1]["error"]
    assert jobs.pods_per_index(name) == {"0/0": 1, "1/0": 1, "1/1": 1}, "all three, then the two that were left, apart"


def test_of_a_pod_that_is_deleted_and_one_whose_cell_takes_too_long_every_finished_cell_is_kept(
    jobs: ClusterJobs,
) -> None:
    quick = {"n_estimators": [5], "max_depth": [1, 2, 3]}
    manifest = jobs.manifest(
        "slow-pod",
        jobs.upload(two_column_table()),
        estimator=FOREST,
        search={"grid": [quick, {"n_estimators": [300_000]}]},
        execution={"cellTimeoutSeconds": 10, "packing": {"mode": "Fixed", "cellsPerPod": 4}},
    )
    name = jobs.apply(manifest)
    jobs.wait(name, "is at its last cell", lambda _: len(results_in_store(jobs, name)) == 3)
    before = results_in_store(jobs, name)
    (pod,) = pods_of_cells(jobs, name)
    jobs.kubectl("delete", "pod", pod["metadata"]["name"], "--namespace", jobs.namespace, "--grace-period=1")
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "CompletedWithFailures", status["conditions"]
    rows = jobs.results(status)
    assert [row["outcome"] for row in rows] == ["succeeded"] * 3 + ["failed"]
    assert "cellTimeoutSeconds" in rows[3]["error"]
    assert (status["progress"], status["cells"]["failed"]) == ("4/4", 1)
    assert results_in_store(jobs, name) == before, "no cell was computed again"


def test_a_pod_that_is_deleted_between_two_folds_is_gone_on_with_and_no_kept_fold_is_fitted_again(
    jobs: ClusterJobs,
) -> None:
    """A fold of the second cell takes seconds, and two of the eight run at a time; it has no chance to be refitted."""
    manifest = jobs.manifest(
        "begun-pod",
        jobs.upload(two_column_table()),
        estimator=FOREST,
        search={"grid": [{"n_estimators": [5]}, {"n_estimators": [2500], "min_samples_leaf": [40]}]},
        crossValidation={"folds": 8},
        execution={"parallelFolds": 2},
    )
    name = jobs.apply(manifest)
    client, bucket = jobs.bucket.client, jobs.bucket.name

    def begun() -> list[str]:
        listed = client.list_objects_v2(Bucket=bucket, Prefix=f"{name}/cache/begun/")
        return [found["Key"] for found in listed.get("Contents", [])]

    jobs.wait(name, "keeps folds of its long cell", lambda _: bool(begun()))
    (key,) = begun()
    kept = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    pod = next(pod for pod in pods_of_cells(jobs, name) if pod["status"]["phase"] == "Running")
    jobs.kubectl("delete", "pod", pod["metadata"]["name"], "--namespace", jobs.namespace, "--grace-period=1")
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    result = json.loads(client.get_object(Bucket=bucket, Key=key.replace("/begun/", "/cells/"))["Body"].read())
    before = kept["fitSeconds"]
    assert 0 < len(before) < len(result["fitSeconds"]) == 8
    assert result["fitSeconds"][: len(before)] == before, "the clock of a fit that is made again never says the same"
    assert begun() == [], "what was begun is complete"
    best, long = jobs.results(status)
    assert (best["outcome"], long["outcome"]) == ("succeeded", "succeeded")


def test_after_the_first_cells_have_told_how_long_they_take_the_others_share_pods(jobs: ClusterJobs) -> None:
    grid = {"C": [round(0.1 * step, 1) for step in range(1, 31)]}
    execution = {"parallelism": 2, "packing": {"mode": "Auto"}}
    name = jobs.apply(
        jobs.manifest("packed", jobs.upload(two_column_table()), search={"grid": [grid]}, execution=execution)
    )
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    assert (status["progress"], status["cells"]["succeeded"]) == ("30/30", 30)
    waves = {job["metadata"]["labels"][labels.WAVE]: job["metadata"] for job in jobs.children("jobs", name, "cell")}
    groups = parse_groups(waves["1"]["annotations"][labels.CELLS])
    sizes = [*map(len, groups)]
    assert sum(sizes) == 28, "the first two were alone"
    assert 2 <= len(groups) <= 14, "how many share a pod follows from how long the first two took"
    pods = ["0/0", "0/1", *(f"1/{index}" for index in range(len(groups)))]
    assert jobs.pods_per_index(name) == dict.fromkeys(pods, 1)
    rows = jobs.results(status)
    assert {row["outcome"] for row in rows} == {"succeeded"}
    assert sum(row["shared"] == "preparation" for row in rows) == sum(size for size in sizes if size > 1)
