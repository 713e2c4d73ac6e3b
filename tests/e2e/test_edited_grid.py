"""The grid of a job that runs is edited: pods of cells that stay are not touched, new cells run beside them."""

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, two_column_table
from tests.e2e.test_steering import assert_complete, patch
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

LEAVES, STAYS, NEW = 2500, 2501, 3


def running_cells(jobs: ClusterJobs, name: str) -> dict[str, str]:
    """Return the uid of every cell's pod that runs, by wave's Job."""
    return {
        pod["metadata"]["uid"]: pod["metadata"]["labels"]["batch.kubernetes.io/job-name"]
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
    patch(jobs, name, {"search": {"grid": [{"n_estimators": [NEW, STAYS]}]}})
    beside: dict[str, list[str]] = {}

    def missing() -> str | None:
        waves = {job["metadata"]["name"]: job for job in jobs.children("jobs", name, "cell")}
        if len(waves) < 2:
            return f"There is one wave: {list(waves)}"
        kept = before.keys() & running_cells(jobs, name).keys()
        beside.update({wave: [job["metadata"]["annotations"]["gridfold.dev/cells"]] for wave, job in waves.items()})
        return None if kept else "No pod of before runs any more"

    wait_until(missing, timeout_seconds=120, what="The new cell runs beside a pod that was there before")
    (old,) = set(before.values())
    assert {wave: cells for wave, cells in beside.items() if wave != old}.popitem()[1] == ["0"], "the new cell alone"
    assert before.keys() <= running_cells(jobs, name).keys() or jobs.status(name)["cells"]["succeeded"] >= 1
    status = assert_complete(jobs, name)
    assert status["cells"] == {
        "total": 2, "cached": 0, "pending": 0, "running": 0, "succeeded": 2, "infeasible": 0, "failed": 0,
    }  # fmt: skip
    assert [row["param_n_estimators"] for row in jobs.results(status)] == [str(NEW), str(STAYS)]
