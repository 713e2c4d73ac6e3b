"""The grid of a job that runs is edited: pods of cells that stay are not touched, new cells run beside them."""

from typing import Any

import pytest

from tests.e2e.cluster_faults import stopped_pods
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, two_column_table
from tests.e2e.test_fault_matrix import assert_nothing_is_left
from tests.e2e.test_steering import assert_complete, patch
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

LEAVES, STAYS, NEW = 1500, 1501, 3


def running_cells(jobs: ClusterJobs, name: str) -> dict[str, dict[str, Any]]:
    """Return every cell's pod that runs, by its uid."""
    return {
        pod["metadata"]["uid"]: pod
        for pod in jobs.children("pods", name, "cell")
        if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    }


def test_cells_that_stay_in_an_edited_grid_keep_their_pods_and_only_new_ones_run_beside_them(
    jobs: ClusterJobs,
) -> None:
    forest = {"className": "sklearn.ensemble.RandomForestClassifier"}
    grid = {"grid": [{"n_estimators": [LEAVES, STAYS]}]}
    manifest = jobs.manifest(
        "edited", jobs.upload(two_column_table()), estimator=forest, search=grid, execution={"parallelism": 3}
    )
    name = jobs.apply(manifest)
    jobs.wait(name, "runs both cells", lambda s: s.get("cells", {}).get("running") == 2)
    before = running_cells(jobs, name)
    with stopped_pods([*before.values()]):  # they end when everything was seen that is to be seen beside them
        patch(jobs, name, {"search": {"grid": [{"n_estimators": [NEW, STAYS]}]}})
        old = {pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] for pod in before.values()}
        added: list[dict[str, Any]] = []

        def missing() -> str | None:
            waves = jobs.children("jobs", name, "cell")
            added[:] = [wave for wave in waves if wave["metadata"]["name"] not in old]
            return None if added else f"There is no wave beside {old}."

        wait_until(missing, timeout_seconds=120, what="The new cell runs", explain=lambda: jobs.explain(name))
        (wave,) = added
        assert wave["metadata"]["annotations"]["gridfold.dev/cells"] == "0", "the new cell alone"
        cells = {"succeeded": 1, "running": 1}
        jobs.wait(name, "has the new cell", lambda s: cells.items() <= s.get("cells", {}).items())
        assert running_cells(jobs, name).keys() == before.keys(), "the same pods, undisturbed"
    status = assert_complete(jobs, name)
    assert status["cells"] == {
        "total": 2, "cached": 0, "pending": 0, "running": 0, "succeeded": 2, "infeasible": 0, "failed": 0,
    }  # fmt: skip
    assert [row["param_n_estimators"] for row in jobs.results(status)] == [str(NEW), str(STAYS)]


def test_a_job_that_is_deleted_while_one_of_its_waves_is_drained_leaves_nothing(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest("drained", jobs.upload(two_column_table()), execution={"parallelism": 1}, **LONG_CELLS)
    name = jobs.apply(manifest)
    jobs.wait(name, "runs a cell", lambda s: s.get("cells", {}).get("running") == 1)
    (before,) = running_cells(jobs, name)
    patch(jobs, name, {"execution": {"cellTimeoutSeconds": 3000}})

    def not_drained() -> str | None:
        (wave,) = (job["metadata"] for job in jobs.children("jobs", name, "cell"))
        return None if wave.get("deletionTimestamp") else f"Its Job is {wave}."

    wait_until(not_drained, timeout_seconds=30, what="The wave is drained")
    assert [*running_cells(jobs, name)] == [before], "what runs goes on"
    jobs.delete(name)
    assert_nothing_is_left(jobs, name)
