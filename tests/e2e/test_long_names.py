"""A TrainingJob with the longest name that Kubernetes allows, through all stages."""

import pytest

from gridfold.api import labels
from gridfold.domain.naming import label_value
from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table

pytestmark = pytest.mark.cluster

LABELS = (labels.JOB, labels.RUN, labels.STAGE, labels.WAVE)


def test_a_name_of_253_characters_goes_through_all_stages_and_its_events_are_described(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest("long", jobs.upload(two_column_table()))
    name = f"{manifest['metadata']['name']}.{'a' * 63}.{'b' * 63}.{'c' * 63}".ljust(253, "d")
    assert len(name) == 253
    manifest["metadata"]["name"] = name
    jobs.apply(manifest)
    status = jobs.wait_until_it_ends(name)
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    children = jobs.children("jobs", name)
    assert {child["metadata"]["labels"][labels.STAGE] for child in children} == {"prepare", "cell", "refit"}
    assert all(len(child["metadata"]["name"]) <= 63 for child in children)
    for child in (*children, *jobs.children("pods", name)):
        marks = child["metadata"]["labels"]
        assert marks[labels.JOB] == label_value(name)
        assert all(len(marks.get(label, "")) <= 63 for label in LABELS)
        assert child["metadata"]["annotations"][labels.JOB] == name
    described = jobs.kubectl("describe", "trainingjob", name, "--namespace", jobs.namespace)
    for reason in ("Preparing", "Prepared", "Completed"):
        assert f" {reason} " in described[described.index("Events:") :]
