"""Situations that were found on real clusters, each with the words that its user reads and what goes on meanwhile."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.cluster_jobs import LONG_CELLS, ClusterJobs, condition, two_column_table
from tests.e2e.test_edited_grid import running_cells
from tests.e2e.test_steering import patch

pytestmark = pytest.mark.cluster

ENDLESS = {f"p{number}": [0, 1, 2, 3] for number in range(32)}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "2^64 cells": ({"search": {"grid": [ENDLESS]}}, "TooManyCells", "18446744073709551616 cells"),
    "a misspelt class": (
        {"estimator": {"className": "sklearn.linear_model.LogisticRegresion"}},
        "InvalidSpec",
        "LogisticRegression",
    ),
}
AT_REST_SECONDS = 65.0  #: longer than the operator leaves any job alone


@dataclass(frozen=True)
class Refused:
    """Jobs that were refused, twenty in all, and when the last of them was."""

    names: dict[str, list[str]]  #: by what is wrong
    versions: dict[str, str]
    since: float


def versions(jobs: ClusterJobs, names: list[str]) -> dict[str, str]:
    found = jobs.kubectl.get("trainingjobs", "--namespace", jobs.namespace)["items"]
    return {
        one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found if one["metadata"]["name"] in names
    }


@pytest.fixture(scope="module", autouse=True)
def refused(session_jobs: ClusterJobs) -> Iterator[Refused]:
    """Leave them alone while the other tests run."""
    jobs, source = session_jobs, session_jobs.upload(two_column_table())
    items = {
        title: [jobs.manifest(f"refused{number}", source, **edit) for number in range(10)]
        for title, (edit, _, _) in REFUSED.items()
    }
    everything = [manifest for manifests in items.values() for manifest in manifests]
    jobs.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": everything}))
    names = {title: [manifest["metadata"]["name"] for manifest in manifests] for title, manifests in items.items()}
    every = [name for found in names.values() for name in found]
    for name in every:
        jobs.wait(name, "is refused", lambda s: s.get("state") == "Failed", seconds=20)
    yield Refused(names, versions(jobs, every), time.monotonic())
    jobs.delete(*every)


@pytest.mark.parametrize("title", REFUSED)
def test_a_refused_spec_is_told_at_once(session_jobs: ClusterJobs, refused: Refused, title: str) -> None:
    jobs, (_, reason, words) = session_jobs, REFUSED[title]
    for name in refused.names[title]:
        accepted = condition(jobs.status(name), "Accepted")
        assert (accepted["status"], accepted["reason"]) == ("False", reason)
        assert words in accepted["message"]


@pytest.mark.last
def test_refused_specs_are_never_written_again(session_jobs: ClusterJobs, refused: Refused) -> None:
    time.sleep(max(0.0, refused.since + AT_REST_SECONDS - time.monotonic()))
    assert versions(session_jobs, [*refused.versions]) == refused.versions


def test_a_misspelt_class_in_an_edit_touches_no_cell_that_runs_and_costs_nothing_when_it_is_taken_back(
    jobs: ClusterJobs,
) -> None:
    name = jobs.apply(jobs.manifest("typo", jobs.upload(two_column_table()), **LONG_CELLS))
    jobs.wait(name, "runs", lambda s: (s.get("cells") or {}).get("running") == 2)
    before = running_cells(jobs, name)
    right = LONG_CELLS["estimator"]["className"]
    patch(jobs, name, {"estimator": {"className": right.replace("Random", "Randm")}})
    status = jobs.wait(name, "is refused", lambda s: condition(s, "Accepted")["status"] == "False")
    said = condition(status, "Accepted")["message"]
    assert right in said, "the name that was meant"
    assert "cells that run go on by the one before it" in said
    patch(jobs, name, {"estimator": {"className": right}})
    status = jobs.wait(name, "is accepted", lambda s: condition(s, "Accepted")["status"] == "True")
    jobs.wait(name, "runs on", lambda s: (s.get("cells") or {}).get("running") == 2)
    assert running_cells(jobs, name).keys() == before.keys(), "the same pods, undisturbed"


@pytest.mark.long
def test_three_jobs_with_one_cache_count_what_each_has_computed_and_what_it_has_found(jobs: ClusterJobs) -> None:
    source = jobs.upload(two_column_table())
    cache = f"{jobs.bucket.uri}/shared-cache/"
    grids: list[list[float]] = [[0.1, 1.0, 10.0], [1.0, 10.0, 100.0], [0.1, 100.0]]
    names = []
    for number, grid in enumerate(grids):
        manifest = jobs.manifest(f"sharing{number}", source, search={"grid": [{"C": grid}]})
        manifest["spec"]["output"]["cacheUri"] = cache
        names.append(jobs.apply(manifest))
    counts = [jobs.wait_until_it_ends(name)["cells"] for name in names]
    assert [one["succeeded"] + one["cached"] for one in counts] == [3, 3, 2]
    assert sum(one["succeeded"] for one in counts) >= 4, "each result was computed by somebody"
    assert len(jobs.bucket.list_keys("shared-cache/cells/")) == 4
    again = jobs.manifest("sharing3", source, search={"grid": [{"C": [0.1, 1.0, 10.0, 100.0]}]})
    again["spec"]["output"]["cacheUri"] = cache
    cells = jobs.wait_until_it_ends(jobs.apply(again))["cells"]
    assert (cells["succeeded"], cells["cached"]) == (0, 4), "a job that computed none says so"


def test_a_pattern_with_many_stars_is_matched_at_once_and_an_unknown_host_is_told_by_name(jobs: ClusterJobs) -> None:
    for number in range(20):
        key = f"many/{'a' * 200}{number}.csv"
        jobs.bucket.client.put_object(Bucket=jobs.bucket.name, Key=key, Body=b"a,b,y\n")
    stars = jobs.apply(jobs.manifest("stars", f"{jobs.bucket.uri}/many/{'*a' * 12}*Z.csv"))
    unknown = jobs.manifest("unknown", f"{jobs.bucket.uri}/x.csv")
    unknown["spec"]["storage"]["endpoint"] = "https://nobody.has.this.name.invalid"
    name = jobs.apply(unknown)
    status = jobs.wait(stars, "finds nothing", lambda s: s.get("state") == "Failed")
    assert condition(status, "Failed")["reason"] == "ObjectMissing"

    def told(status: dict[str, Any]) -> str:
        return condition(status, "Running")["message"] + condition(status, "Failed")["message"]

    status = jobs.wait(name, "tells the host", lambda s: "nobody.has.this.name.invalid" in told(s))
    assert "is unknown" in told(status) or "the name server does not tell the address" in told(status)
