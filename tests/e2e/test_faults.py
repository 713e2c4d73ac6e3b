"""What goes wrong around a job: the operator dies, an image cannot be pulled, a Secret or room is missing."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.installation import Installation, chart_values, installed, make_namespace
from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.testbed.images import ctr_images
from tests.testbed.plugin import Bucket, Cluster
from tests.testbed.shell import run
from tests.testbed.waiting import wait_until

pytestmark = pytest.mark.cluster

EIGHT_CELLS = {"grid": [{"C": [0.01, 0.1, 1.0, 10.0], "fit_intercept": [True, False]}]}


def kill_the_operator(installation: Installation) -> None:
    """Kill the operator's process with SIGKILL, as the kernel does when memory runs out.

    Every process of a container has the container's id in the names of its cgroups.
    """
    container = installation.pod()["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    killed = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if container in (folder / "cgroup").read_text():
                os.kill(int(folder.name), signal.SIGKILL)
                killed.append(folder.name)
        except (OSError, ValueError):
            continue
    assert killed, f"no process of container {container} was found"


def wait_for_restart(installation: Installation, before: int) -> None:
    wait_until(
        lambda: None if installation.restarts() > before else "It has not been started again.",
        timeout_seconds=360,  # the kubelet's back-off after several restarts is 300 s
        what="The operator comes back",
        explain=installation.explain,
    )
    installation.wait_until_ready()


def test_an_operator_that_is_killed_in_the_middle_of_a_search_goes_on_and_runs_nothing_twice(
    jobs: ClusterJobs,
) -> None:
    jobs.testbed.require_own()
    before = jobs.operator.restarts()
    manifest = jobs.manifest(
        "killed", jobs.upload(two_column_table()), search=EIGHT_CELLS, execution={"parallelism": 2}
    )
    name = jobs.apply(manifest)
    status = jobs.wait(name, "has finished some cells", lambda s: s.get("cells", {}).get("succeeded", 0) > 0)
    assert status["cells"]["succeeded"] < 8, "in the middle"
    kill_the_operator(jobs.operator)
    wait_for_restart(jobs.operator, before)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status
    assert status["cells"]["succeeded"] == 8
    assert jobs.pods_per_index(name) == {f"0/{index}": 1 for index in range(8)}, "a cell ran twice"
    stages = sorted(job["metadata"]["labels"]["gridfold.dev/stage"] for job in jobs.children("jobs", name))
    assert stages == ["cell", "prepare", "refit"]
    reasons = [event["reason"] for event in jobs.told(name, "Completed")]
    assert reasons.count("Completed") == 1


def test_prepared_data_that_is_damaged_in_the_store_is_prepared_again_and_no_cell_is_lost(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest(
        "damaged", jobs.upload(two_column_table()), search=EIGHT_CELLS, execution={"parallelism": 1}
    )
    name = jobs.apply(manifest)
    jobs.wait(name, "has finished a cell", lambda s: s.get("cells", {}).get("succeeded", 0) > 0)
    client, bucket = jobs.bucket.client, jobs.bucket.name
    (key,) = [key for key in jobs.bucket.list_keys(f"{name}/cache/prepared/") if key.endswith("/X.npy")]
    whole = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.put_object(Bucket=bucket, Key=key, Body=whole[:-1] + bytes([whole[-1] ^ 1]))
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["reason"] == "Completed", status["conditions"]
    assert (status["cells"]["succeeded"], status["cells"]["failed"]) == (8, 0)
    assert "prepared again after it was damaged" in condition(status, "DatasetReady")["message"]
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == whole
    assert len(jobs.children("jobs", name, "prepare")) == 2
    (told,) = [event for event in jobs.events(name) if event["reason"] == "PreparedCorrupt"]
    assert told["type"] == "Warning"
    assert "X.npy has the BLAKE3 digest" in told["note"]


def test_an_operator_that_was_away_when_a_job_was_made_and_another_deleted_catches_up(jobs: ClusterJobs) -> None:
    scale = ["scale", "deployment/gridfold", "--namespace", jobs.operator.namespace]
    gone = jobs.apply(jobs.manifest("gone", jobs.upload(two_column_table()), **LONG_CELLS))
    jobs.wait(gone, "runs a cell", lambda s: s.get("cells", {}).get("running", 0) > 0)
    jobs.kubectl(*scale, "--replicas=0")
    jobs.kubectl("wait", "--for=delete", "pod", "--all", "--namespace", jobs.operator.namespace, "--timeout=60s")
    jobs.delete(gone)
    made = jobs.apply(jobs.manifest("made", jobs.upload(two_column_table())))
    jobs.kubectl(*scale, "--replicas=1")
    status = jobs.wait_until_it_ends(made)
    assert condition(status, "Complete")["status"] == "True", status
    wait_until(
        lambda: f"{left} are left." if (left := len(jobs.children("pods", gone))) else None,
        timeout_seconds=60,
        what="The deleted job's pods go",
    )


def test_a_missing_secret_is_shown_in_the_kubelets_words_and_heals_when_it_is_there(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest("secretless", jobs.upload(two_column_table()))
    late = f"late-{manifest['metadata']['name']}"
    manifest["spec"]["storage"]["credentialsSecretName"] = late
    name = jobs.apply(manifest)
    status = jobs.wait(name, "says what it waits for", lambda s: condition(s, "Running")["reason"] == "FailedMount")
    running = condition(status, "Running")
    assert running["status"] == "False"
    assert f'"{late}" not found' in running["message"]
    assert condition(status, "Failed")["status"] != "True"
    data = {"AWS_ACCESS_KEY_ID": jobs.testbed.s3_access_key, "AWS_SECRET_ACCESS_KEY": jobs.testbed.s3_secret_key}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": late}, "stringData": data}
    jobs.kubectl.apply(secret, namespace=jobs.namespace)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status


def test_a_quota_that_refuses_pods_is_shown_in_words_and_heals_when_it_goes(jobs: ClusterJobs) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "no-pods"},
        "spec": {"hard": {"pods": "0"}},
    }
    jobs.kubectl.apply(quota, namespace=jobs.namespace)
    try:
        name = jobs.apply(jobs.manifest("quota", jobs.upload(two_column_table())))
        status = jobs.wait(name, "says what refuses it", lambda s: condition(s, "Running")["reason"] == "FailedCreate")
        running = condition(status, "Running")
        assert (running["status"], "exceeded quota: no-pods" in running["message"]) == ("False", True)
        assert condition(status, "CapacityReady")["reason"] != "Unschedulable", "a quota is no want of nodes"
    finally:
        jobs.kubectl("delete", "resourcequota", "no-pods", "--namespace", jobs.namespace)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status


@pytest.fixture
def imageless(testbed: Cluster, images: dict[str, str], session_bucket: Bucket) -> Iterator[ClusterJobs]:
    """TrainingJobs of a second operator whose trainer image is nowhere."""
    served = make_namespace(testbed.kubectl, "e2e-imageless")
    nowhere = {"repository": "localhost/gridfold-nowhere", "tag": served, "pullPolicy": "IfNotPresent"}
    values: dict[str, Any] = chart_values(images, (served,))
    values["trainer"] = {**values["trainer"], "image": nowhere}
    try:
        with installed(testbed, values) as installation:
            made = ClusterJobs(testbed, served, session_bucket, installation)
            made.add_credentials()
            yield made
    finally:
        testbed.kubectl("delete", "namespace", served, "--wait=false")


def test_an_image_that_cannot_be_pulled_is_never_called_running_and_heals_when_it_is_there(
    imageless: ClusterJobs, images: dict[str, str]
) -> None:
    jobs = imageless
    name = jobs.apply(jobs.manifest("imageless", jobs.upload(two_column_table())))
    pulls = {"ErrImagePull", "ImagePullBackOff"}
    status = jobs.wait(name, "says what it waits for", lambda s: condition(s, "Running")["reason"] in pulls)
    running = condition(status, "Running")
    assert running["status"] == "False"
    assert f"localhost/gridfold-nowhere:{jobs.namespace}" in running["message"]
    assert not any(event["note"].startswith("prepare runs") for event in jobs.events(name))

    ctr = ctr_images(jobs.testbed.require_own().instance())
    run([*ctr, "tag", images["trainer"], f"localhost/gridfold-nowhere:{jobs.namespace}"])
    try:
        status = jobs.wait_until_it_ends(name)
    finally:
        run([*ctr, "remove", f"localhost/gridfold-nowhere:{jobs.namespace}"])
    assert condition(status, "Complete")["status"] == "True", status
