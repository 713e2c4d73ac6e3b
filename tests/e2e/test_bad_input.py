"""Jobs that cannot work: told at kubectl apply where the API server can know it, else before any cell's pod starts."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.cluster_jobs import ClusterJobs, condition, two_column_table
from tests.testbed.errors import TestbedError

pytestmark = pytest.mark.cluster

GOOD = two_column_table()
Edit = Callable[[dict[str, Any]], object]

#: What a user got wrong: the table, an edit of a good spec, and the words that must tell what and where.
MISTAKES: dict[str, tuple[str, Edit, tuple[str, ...]]] = {
    "an object that is not there": (
        GOOD,
        lambda spec: spec["dataset"]["sources"].append({"uri": spec["dataset"]["sources"][0]["uri"] + ".nowhere"}),
        (".csv.nowhere",),
    ),
    "a column that is not there": (GOOD, lambda spec: spec["dataset"].update(target="outcome"), ("outcome", "a, b, y")),
    "a target of one class": (two_column_table(classes=("yes",)), lambda spec: None, ("y", "class")),
    "a class smaller than the folds": (
        GOOD + "1,1,rare\n" * 8,
        lambda spec: spec["crossValidation"].update(folds=9),
        ("spec.crossValidation.folds", "9", "rare"),
    ),
    "a parameter that is not known": (
        GOOD,
        lambda spec: spec["search"].update(grid=[{"Cc": [1.0]}]),
        ("Cc", "LogisticRegression"),
    ),
    "credentials that are refused": (
        GOOD,
        lambda spec: spec["storage"].update(credentialsSecretName="wrong"),
        ("the secret key does not belong to the access key", "Secret wrong"),
    ),
}


@pytest.fixture(scope="module")
def mistaken(session_jobs: ClusterJobs) -> Iterator[dict[str, str]]:
    """The names of all mistaken jobs, by their mistake; their prepare pods run side by side."""
    jobs = session_jobs
    data = {"AWS_ACCESS_KEY_ID": jobs.testbed.s3_access_key, "AWS_SECRET_ACCESS_KEY": "wrong"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wrong"}, "stringData": data}
    jobs.kubectl.apply(secret, namespace=jobs.namespace)
    names = {}
    for title, (table, edit, _) in MISTAKES.items():
        manifest = jobs.manifest("mistake", jobs.upload(table))
        edit(manifest["spec"])
        names[title] = jobs.apply(manifest)
    yield names
    jobs.delete(*names.values())


@pytest.mark.parametrize("title", MISTAKES)
def test_a_mistake_ends_the_job_in_words_before_any_cell_starts(
    session_jobs: ClusterJobs, mistaken: dict[str, str], title: str
) -> None:
    jobs, name = session_jobs, mistaken[title]
    status = jobs.wait_until_it_ends(name)
    failed = condition(status, "Failed")
    assert (status["state"], failed["status"]) == ("Failed", "True")
    assert failed["reason"] not in {"", "InternalError", "Error"}
    assert condition(status, "DatasetReady")["status"] == "False"
    assert condition(status, "Stalled")["status"] == "True"
    for word in MISTAKES[title][2]:
        assert word in failed["message"]
    assert "Traceback" not in failed["message"]
    assert jobs.testbed.s3_secret_key not in json.dumps(status)
    assert jobs.children("pods", name, "cell") == []
    assert jobs.children("jobs", name, "cell") == []
    (warning,) = [event for event in jobs.told(name, failed["reason"]) if event["reason"] == failed["reason"]]
    assert warning["type"] == "Warning"
    assert failed["message"][:200] in warning["note"]


REFUSED: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "parts that are no whole": (
        lambda spec: spec.update(split={"train": 80, "validation": 15, "test": 15}),
        ("spec.split", "must add up to 100"),
    ),
    "too few folds": (lambda spec: spec["crossValidation"].update(folds=1), ("spec.crossValidation.folds", "1", "2")),
    "a misspelt field": (lambda spec: spec.update(crossvalidation={"folds": 3}), ("spec.crossvalidation",)),
    "an objective that is not measured": (
        lambda spec: spec.update(scoring={"metrics": ["accuracy"], "objective": "f1"}),
        ("spec.scoring.objective", "must be one of metrics"),
    ),
}


@pytest.mark.parametrize("title", REFUSED)
def test_what_the_api_server_can_know_is_refused_at_apply_with_field_value_and_rule(
    session_jobs: ClusterJobs, title: str
) -> None:
    edit, words = REFUSED[title]
    manifest = session_jobs.manifest("refused", "s3://data/rows.csv")
    edit(manifest["spec"])
    with pytest.raises(TestbedError) as told:
        session_jobs.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    for word in words:
        assert word in str(told.value)
    assert manifest["metadata"]["name"] not in session_jobs.kubectl("get", "tj", "--namespace", session_jobs.namespace)


def test_what_only_the_operator_can_know_is_not_accepted_and_tells_every_problem(jobs: ClusterJobs) -> None:
    manifest = jobs.manifest("unaccepted", "s3://data/rows.csv", search={"grid": [{"n_jobs": [2], "verbose": [1]}]})
    manifest["spec"]["estimator"]["className"] = "sklearn.linear_model.LogisticRegresion"
    name = jobs.apply(manifest)
    accepted = condition(jobs.wait_until_it_ends(name), "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", "InvalidSpec")
    assert "spec.search.grid[0].n_jobs" in accepted["message"]
    assert "spec.search.grid[0].verbose" in accepted["message"]
    assert "did you mean sklearn.linear_model.LogisticRegression" in accepted["message"]
    assert jobs.children("jobs", name) == []
