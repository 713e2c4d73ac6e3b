"""Two jobs with one output folder: the second is refused before any of its cells runs."""

import json

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster


def test_of_two_jobs_with_one_output_folder_that_begin_at_once_one_is_refused_and_can_have_another_folder(
    jobs: ClusterJobs,
) -> None:
    source = jobs.upload(two_column_table())
    manifests = [jobs.manifest(name, source) for name in ("left", "right")]
    folder = manifests[0]["spec"]["output"]["uri"]
    manifests[1]["spec"]["output"]["uri"] = folder
    names = [manifest["metadata"]["name"] for manifest in manifests]
    jobs.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))
    jobs.names.extend(names)
    ends = {name: jobs.wait_until_it_ends(name) for name in names}
    assert sorted(status["state"] for status in ends.values()) == ["Complete", "Failed"], ends
    refused = next(name for name in names if ends[name]["state"] == "Failed")
    other = next(name for name in names if name != refused)
    failed = condition(ends[refused], "Failed")
    assert failed["reason"] == "OutputInUse"
    assert f"TrainingJob {jobs.namespace}/{other}" in failed["message"]
    assert jobs.children("jobs", refused, "cell") == []
    prefix = folder.removeprefix(f"{jobs.bucket.uri}/")
    assert jobs.bucket.list_keys(f"{prefix}claims/") == [], "latest.json says whose the folder is"
    latest = jobs.bucket.client.get_object(Bucket=jobs.bucket.name, Key=f"{prefix}latest.json")["Body"].read()
    assert json.loads(latest)["owner"]["name"] == other

    manifest = next(manifest for manifest in manifests if manifest["metadata"]["name"] == refused)
    manifest["spec"]["output"]["uri"] = f"{jobs.bucket.uri}/{refused}-alone/"
    jobs.apply(manifest)
    status = jobs.wait(refused, "is complete", lambda s: s.get("state") == "Complete" and s["observedGeneration"] == 2)
    assert condition(status, "Complete")["status"] == "True"
