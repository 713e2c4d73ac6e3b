"""A search in a cluster: what is applied, what is told, and that the same search again finds the same job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from gridfold_cli.cluster import following
from gridfold_notebook import there
from gridfold_notebook.errors import SearchFailedError
from gridfold_notebook.grid_search import GridSearch
from gridfold_notebook.there import Cluster
from tests.unit.cli.api_server import MemoryCluster, job_path, kubeconfig, serving
from tests.unit.cli.cluster_cli import complete, failed

X, y = np.arange(40.0).reshape(20, 2), np.array([0, 1] * 10)


class OpenedError(Exception):
    """The run would be opened now: where, and how."""


class Stored(dict[str, bytes]):
    """As much of a store as an upload needs."""

    def upload(self, uri: str, path: Path) -> None:
        self[uri] = path.read_bytes()


@pytest.fixture
def cluster() -> Iterator[MemoryCluster]:
    with serving(MemoryCluster()) as made:
        yield made


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    def opened(uri: str, **how: Any) -> None:
        raise OpenedError(uri, how)

    store = Stored()
    monkeypatch.setattr(there, "open_store", lambda *_: store)
    monkeypatch.setattr(there, "open_run", opened)
    monkeypatch.setattr(following, "TICK_SECONDS", 0.5)
    return store


@pytest.fixture
def place(cluster: MemoryCluster, stored: Stored, tmp_path: Path) -> Cluster:
    path = kubeconfig(tmp_path / "kubeconfig", cluster.host)
    return Cluster(
        "s3://bucket/mine/",
        endpoint="https://s3.example",
        credentials_secret="keys",
        namespace="team",
        kubeconfig=str(path),
        execution={"parallelism": 4, "retries": 1},
    )


def search(where: Any, **more: Any) -> GridSearch:
    return GridSearch(DummyClassifier(), {"strategy": ["prior"]}, cv=2, cluster=where, **more)


def test_the_data_is_stored_and_the_job_applied_and_its_run_opened(
    cluster: MemoryCluster, place: Cluster, stored: Stored
) -> None:
    cluster.on_apply = lambda name: cluster.job(name, complete(1)) and None
    with pytest.raises(OpenedError) as opened:
        search(place, n_jobs=2).fit(X, y)
    how = {"endpoint": "https://s3.example", "region": None, "addressing_style": "Auto"}
    assert opened.value.args == ("s3://models/small/runs/1-00000000/", how)
    (uri,) = stored
    assert uri.startswith("s3://bucket/mine/data/") and stored[uri].startswith(b"x0,x1,target\n0.0,1.0,0\n")
    (path,) = {path for method, path in cluster.requests if method == "PATCH"}
    job = cluster.objects[path.partition("?")[0]]
    name = job["metadata"]["name"]
    assert job["spec"]["storage"] == {
        "endpoint": "https://s3.example",
        "addressingStyle": "Auto",
        "credentialsSecretName": "keys",
    }
    assert job["spec"]["dataset"]["sources"] == [{"uri": uri}]
    assert job["spec"]["output"] == {"uri": f"s3://bucket/mine/{name}/", "cacheUri": "s3://bucket/mine/cache/"}
    assert job["spec"]["execution"] == {"parallelism": 2, "retries": 1}


def test_a_job_that_has_failed_says_why_and_how_to_compute_it_again(cluster: MemoryCluster, place: Cluster) -> None:
    cluster.on_apply = lambda name: cluster.job(name, failed("DataError", "the target has 1 class.")) and None
    with pytest.raises(SearchFailedError, match="has failed: DataError: the target has 1 class. See it by") as told:
        search(place).fit(X, y)
    (name,) = {path.rpartition("/")[2] for path in cluster.objects if "/trainingjobs/" in path}
    assert f"`gridfold delete {name} -n team --kubeconfig {place.kubeconfig}`" in str(told.value)
    with pytest.raises(SearchFailedError):
        search(place).fit(X, y)
    assert [path for path in cluster.objects if "/trainingjobs/" in path] == [job_path(name)]


def test_ctrl_c_says_that_the_job_goes_on(
    cluster: MemoryCluster, place: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(there, "follow_to_end", interrupted)
    told = r"TrainingJob grid-search-\w+ goes on in the namespace team. Follow it by `gridfold watch grid-search-\w+ -n"
    with pytest.raises(KeyboardInterrupt, match=told):
        search(place).fit(X, y)
    assert any("/trainingjobs/grid-search-" in path for path in cluster.objects)


def test_a_warning_is_told_without_being_asked_for(
    cluster: MemoryCluster, place: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(name: str) -> None:
        job = cluster.job(name, complete(1))
        cluster.event(job, "Prepared", "20 rows")
        cluster.event(job, "Unschedulable", "no node has room", kind="Warning")

    cluster.on_apply = play
    with pytest.raises(OpenedError):
        search(place).fit(X, y)
    assert capsys.readouterr().err == "Unschedulable: no node has room\n"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"storage": "file:/tmp"}, "storage='file:/tmp'; expected s3://BUCKET/PREFIX"),
        ({"bucket": "s3://b"}, "unexpected keyword argument 'bucket'"),
        ("s3://bucket", "cluster is a str; expected gridfold.Cluster"),
    ],
)
def test_what_is_no_cluster_is_refused(where: Any, told: str) -> None:
    with pytest.raises(ValueError, match="GridSearch cannot run this:") as refused:
        search(where).fit(X, y)
    assert told in str(refused.value)


def test_no_cluster_at_all_is_told(tmp_path: Path) -> None:
    place = Cluster("s3://bucket/mine", kubeconfig=str(tmp_path / "none"))
    with pytest.raises(SearchFailedError, match="no cluster is known: --kubeconfig is "):
        search(place).fit(X, y)
    with pytest.raises(ValueError, match="folder and cluster are given; expected one"):
        search(place, folder=tmp_path).fit(X, y)
