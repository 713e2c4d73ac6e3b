"""Out of memory on the real node: what needs more gets more, and nothing else does."""

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster

#: Two layers of so many neurons have four million weights: with gradients and Adam's moments 220 MiB more than a few
#: neurons have, and 400 MiB where the model is stored.
WIDE = {"hidden_layer_sizes": [[4], [2000, 2000]]}
#: A cell with a small network takes some 150 MiB.
SCARCE = {"requests": {"cpu": "400m", "memory": "130Mi"}, "limits": {"memory": "260Mi"}}
TOO_LITTLE_FOR_PREPARE = {"requests": {"cpu": "400m", "memory": "24Mi"}, "limits": {"memory": "24Mi"}}


def test_a_cell_that_needs_more_than_its_limit_completes_in_the_second_wave_and_so_does_prepare(
    jobs: ClusterJobs,
) -> None:
    manifest = jobs.manifest(
        "hungry",
        jobs.upload(two_column_table(30)),
        estimator={"className": "sklearn.neural_network.MLPClassifier", "parameters": {"max_iter": 1}},
        search={"grid": [WIDE]},
        crossValidation={"folds": 2},
    )
    manifest["spec"]["execution"] = {
        "resources": SCARCE,
        "outOfMemory": {"factor": 16, "maxMemory": "1300Mi"},
        "prepare": {"resources": TOO_LITTLE_FOR_PREPARE},
    }
    name = jobs.apply(manifest)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    rows = jobs.results(status)
    assert [(row["outcome"], row["memory"]) for row in rows] == [("succeeded", "260Mi"), ("succeeded", "1300Mi")]

    resources = {
        job["metadata"]["name"]: job["spec"]["template"]["spec"]["containers"][0]["resources"]
        for job in jobs.children("jobs", name)
    }
    (second_wave,) = (found for child, found in resources.items() if child.endswith("-w1"))
    assert second_wave == {"requests": {"cpu": "400m", "memory": "650Mi"}, "limits": {"memory": "1300Mi"}}
    (second_prepare,) = (found for child, found in resources.items() if child.endswith("-prepare-2"))
    assert second_prepare["limits"] == {"memory": "384Mi"}
    assert jobs.pods_per_index(name) == {"0/0": 1, "0/1": 1, "1/0": 1}, "no cell ran twice with as much as before"
