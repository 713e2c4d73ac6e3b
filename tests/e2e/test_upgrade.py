"""A platform's upgrade while jobs run: another trainer image, one that is missing, a rollback, no release at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.installation import chart_values, helm, upgrade
from tests.e2e.cluster_faults import held_cell
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.e2e.own_operator import own_operator
from tests.e2e.test_steering import assert_complete
from tests.e2e.test_whole_jobs import scores
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster

EIGHT_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}]}


@pytest.fixture
def jobs(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[ClusterJobs]:
    """The jobs of an operator of their own."""
    with own_operator(testbed, images, session_bucket) as made:
        yield made


def test_a_run_keeps_its_trainer_image_and_a_later_one_takes_the_platforms_as_soon_as_that_is_right(
    jobs: ClusterJobs, testbed: Cluster, images: dict[str, str]
) -> None:
    earlier = {"trainerImages": [images["trainer"]]}  # of the run that is on its way

    def set_image(reference: str) -> None:
        values = chart_values({**images, "trainer": reference}, (jobs.namespace,), admission=earlier)
        upgrade(testbed, jobs.operator.namespace, values)
        jobs.operator.wait_until_ready()

    def images_of(name: str) -> set[Any]:
        pods = [job["spec"]["template"]["spec"] for job in jobs.children("jobs", name)]
        return {pod["containers"][0]["image"] for pod in pods}

    source = jobs.upload(two_column_table())
    before = jobs.apply(jobs.manifest("before", source, search=EIGHT_CELLS, execution={"parallelism": 1}))
    jobs.wait(before, "has a result", lambda s: s.get("cells", {}).get("succeeded", 0) >= 1)
    set_image("localhost/gridfold-nowhere:1")
    after = jobs.apply(jobs.manifest("after", source))
    status = jobs.wait_until_it_ends(before)
    assert condition(status, "Complete")["status"] == "True", status
    assert status["prepared"]["image"] == images["trainer"]
    assert images_of(before) == {images["trainer"]}
    jobs.wait(after, "is begun", lambda s: s.get("state") == "Preparing")
    assert images_of(after) == {"localhost/gridfold-nowhere:1"}
    set_image(images["trainer"])
    status = jobs.wait_until_it_ends(after)
    assert condition(status, "Complete")["status"] == "True", status
    assert images_of(after) == {images["trainer"]}


def test_a_job_outlives_a_rollback_and_a_release_that_was_uninstalled(
    jobs: ClusterJobs, testbed: Cluster, images: dict[str, str]
) -> None:
    def do(*words: str) -> None:
        helm(testbed, *words, "gridfold", "--namespace", jobs.operator.namespace)

    def wait_for(cells: int) -> None:
        jobs.wait(disturbed, f"has {cells} results", lambda s: s.get("cells", {}).get("succeeded", 0) >= cells)

    source, values = jobs.upload(two_column_table()), chart_values(images, (jobs.namespace,))
    slowly: dict[str, Any] = {"search": EIGHT_CELLS, "execution": {"parallelism": 1}}
    disturbed = jobs.apply(jobs.manifest("disturbed", source, **slowly))
    wait_for(1)
    with held_cell(jobs, disturbed):
        upgrade(testbed, jobs.operator.namespace, {**values, "logLevel": "DEBUG"})
        jobs.operator.wait_until_ready()
    wait_for(2)
    with held_cell(jobs, disturbed):
        do("rollback")
        jobs.operator.wait_until_ready()
    wait_for(3)
    with held_cell(jobs, disturbed):
        do("uninstall")
        assert jobs.status(disturbed)["state"] == "Running", "the resource stays, and its pods go on"
    upgrade(testbed, jobs.operator.namespace, values)
    jobs.operator.wait_until_ready()
    status = assert_complete(jobs, disturbed)
    assert status["cells"]["succeeded"] == 8
    undisturbed = assert_complete(jobs, jobs.apply(jobs.manifest("undisturbed", source, search=EIGHT_CELLS)))
    assert scores(jobs.results(status)) == scores(jobs.results(undisturbed))
