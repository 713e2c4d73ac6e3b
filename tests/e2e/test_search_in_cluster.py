"""GridSearch in a real cluster gives what it gives here, to the last bit, and the job's own words where it fails."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gridfold_notebook import Cluster, GridSearch
from gridfold_notebook.errors import SearchFailedError
from tests.e2e.cluster_jobs import RESOURCES, SECRET, ClusterJobs
from tests.e2e.warm_jobs import WarmRunner

pytestmark = pytest.mark.cluster


def names(jobs: ClusterJobs) -> set[str]:
    found = jobs.kubectl.get("trainingjobs", "--namespace", jobs.namespace)["items"]
    return {item["metadata"]["name"] for item in found if item["metadata"]["name"].startswith("grid-search-")}


def test_a_search_in_a_cluster_is_the_search_here(
    jobs: ClusterJobs, warm: WarmRunner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert warm and str(Path(sys.prefix) / "gridfold-frames") in sys.path
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", jobs.testbed.s3_access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", jobs.testbed.s3_secret_key)
    cluster = Cluster(
        f"{jobs.bucket.uri}/notebook",
        endpoint=jobs.testbed.s3_endpoint,
        region="us-east-1",
        credentials_secret=SECRET,
        namespace=jobs.namespace,
        kubeconfig=jobs.testbed.kubeconfig,
        execution={"resources": RESOURCES},
    )
    draw = np.random.default_rng(0)
    X = draw.normal(size=(90, 3))
    y = np.where(X[:, 0] + draw.normal(size=90) > 0, "yes", "no")
    how: dict[str, Any] = {"cv": 3, "scoring": "f1"}
    before = names(jobs)

    there = GridSearch(LogisticRegression(), {"C": [0.1, 1.0]}, cluster=cluster, verbose=1, **how).fit(X, y)
    jobs.names.extend(names(jobs) - before)
    assert "Completed: cell" in capsys.readouterr().err
    here = GridSearch(LogisticRegression(), {"C": [0.1, 1.0]}, **how).fit(X, y)
    for name, values in here.cv_results_.items():
        if not name.endswith("_time"):
            assert repr(there.cv_results_[name]) == repr(values), name
    assert there.predict_proba(X).tolist() == here.predict_proba(X).tolist()
    assert (there.predict(X).tolist(), there.test_scores_) == (here.predict(X).tolist(), here.test_scores_)
    assert there.run_uri_.startswith(f"{jobs.bucket.uri}/notebook/grid-search-")

    again = GridSearch(LogisticRegression(), {"C": [0.1, 1.0]}, cluster=cluster, **how).fit(X, y)
    assert again.run_uri_ == there.run_uri_ and len(names(jobs) - before) == 1

    with pytest.raises(SearchFailedError, match=r"TrainingJob grid-search-\w+ has failed: .* fewer than 3 rows"):
        GridSearch(LogisticRegression(), {"C": [1.0]}, cluster=cluster, **how).fit(X, ["no"] * 89 + ["yes"])
    jobs.names.extend(names(jobs) - before - set(jobs.names))
