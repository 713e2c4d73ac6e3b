"""A platform limits what a namespace may ask for, and changes its mind while a job of it runs."""

import json
from typing import Any

import pytest

from gridfold.domain.lifecycle import GOES_ON
from tests.cluster.installation import chart_values, installed, upgrade
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.e2e.test_steering import patch
from tests.testbed.plugin import Bucket, Cluster

pytestmark = pytest.mark.cluster

#: Of resources only what is set aside, so that the rest is left to the platform.
BOUNDED_BY_PLATFORM = {"resources": {"requests": {"cpu": "100m", "memory": "200Mi"}}}


def test_a_spec_beyond_a_limit_waits_for_that_to_be_raised_and_a_limit_that_is_lowered_ends_no_job(
    testbed: Cluster, images: dict[str, str], session_bucket: Bucket, namespace: str
) -> None:
    def values(cells: int, parallelism: int, memory: str, endpoints: list[str]) -> dict[str, Any]:
        given = {"parallelism": parallelism - 1, "resources": {"limits": {"memory": memory}}}
        small = {"maxCells": cells, "maxParallelism": 1, "allowedEndpoints": endpoints}
        tenancy = {
            "selectors": [{"matchLabels": {"tier": "small"}, "limits": small}],
            "namespaces": {namespace: {"maxParallelism": parallelism, "defaults": given}},
        }
        made = chart_values(images, (namespace,), tenancy=tenancy)
        made["trainer"]["images"] = {"nowhere": {"repository": "localhost/gridfold-nowhere", "tag": "1"}}
        return made

    def running_pods() -> set[str]:
        return {
            pod["metadata"]["uid"] for pod in jobs.children("pods", long, "cell") if pod["status"]["phase"] == "Running"
        }

    testbed.kubectl("label", "namespace", namespace, "tier=small")  # which the platform gives it
    with installed(
        testbed, values(2, parallelism=2, memory="700Mi", endpoints=["s3.{namespace}.svc", "*"])
    ) as operator:
        jobs = ClusterJobs(testbed, namespace, session_bucket, operator)
        jobs.add_credentials()
        source = jobs.upload(two_column_table())
        long = jobs.apply(jobs.manifest("long", source, execution=BOUNDED_BY_PLATFORM, **LONG_CELLS))
        wide = jobs.apply(jobs.manifest("wide", source, search={"grid": [{"C": [1.0]}]}, execution={"parallelism": 3}))
        status = jobs.wait(wide, "is refused", lambda s: condition(s, "Accepted")["status"] == "False")
        assert (condition(status, "Accepted")["reason"], status["state"]) == ("NotAllowed", "Failed")
        assert condition(status, "Accepted")["message"] == (
            f"spec.execution.parallelism is 3: namespace {namespace} may have a parallelism of at most 2 "
            f"(tenancy.namespaces.{namespace}.maxParallelism of the operator's chart). Write 2 or less, or ask the "
            "platform team, who sets it"
        )
        assert jobs.children("jobs", wide) == []
        execution = {"trainer": "nowhere", "parallelism": 1}
        moved = jobs.apply(jobs.manifest("moved", source, search={"grid": [{"C": [1.0]}]}, execution=execution))
        jobs.wait(long, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) == 1)
        pods = running_pods()
        assert len(pods) == 1
        given = {"parallelism": 1, "resources": {"limits": {"memory": "700Mi"}}}
        assert jobs.status(long)["settings"]["execution"] == given
        kept = jobs.status(long)["settings"]
        assert kept["allowedEndpoints"] == [f"s3.{namespace}.svc", "*"]
        assert "parallelism" not in testbed.kubectl.get("tj", long, "-n", namespace)["spec"]["execution"]
        (pod,) = jobs.children("pods", long, "cell")
        assert pod["spec"]["containers"][0]["resources"]["limits"] == {"memory": "700Mi"}

        jobs.wait(moved, "waits for the image that it names", lambda s: "gridfold-nowhere:1" in json.dumps(s))
        patch(jobs, moved, {"execution": {"trainer": "gpu"}})
        status = jobs.wait(moved, "is refused", lambda s: condition(s, "Accepted")["status"] == "False")
        assert "has no trainer image of this name, only default, nowhere (" in condition(status, "Accepted")["message"]
        patch(jobs, moved, {"execution": {"trainer": "default"}})
        status = jobs.wait(moved, "completes", lambda s: s["state"] == "Complete")
        assert status["prepared"]["image"] == images["trainer"]

        storage = testbed.s3_endpoint
        upgrade(testbed, operator.namespace, values(1, parallelism=3, memory="800Mi", endpoints=[storage]))
        operator.wait_until_ready()
        status = jobs.wait(wide, "is accepted, and completes", lambda s: s["state"] == "Complete")
        assert status["settings"]["allowedEndpoints"] == [storage]
        assert jobs.status(long)["settings"] == kept
        assert (condition(jobs.status(long), "Accepted")["status"], jobs.status(long)["state"]) == ("True", "Running")
        patch(jobs, long, {"execution": {"retries": 1}})
        status = jobs.wait(long, "is judged anew", lambda s: condition(s, "Accepted")["status"] == "False")
        words = "may have a number of cells of at most 1 (tenancy.selectors[0].limits.maxCells of the operator's chart)"
        assert words in condition(status, "Accepted")["message"]
        assert condition(status, "Accepted")["message"].endswith(GOES_ON)
        assert running_pods() == pods
        jobs.delete(long, wide, moved)
