"""The four real files on the cluster: every number is that of the script that `gridfold export` prints."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gridfold.domain.leaderboard import format_score
from tests.e2e.cluster_jobs import ClusterJobs, Status, condition
from tests.e2e.exported_jobs import download, execute, export, finish, start
from tests.e2e.real_files import JOBS, RealJob
from tests.e2e.secure_jobs import SecureJobs
from tests.oracle.compared import check_table, check_winner
from tests.oracle.conftest import FRAMES
from tests.real_data import require

pytestmark = [pytest.mark.cluster, pytest.mark.long]

CARD_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
CARD_TYPES = re.compile(r"^- `((?:numpy|sklearn)\..*)`$", re.MULTILINE)
every_job = pytest.mark.parametrize("name", sorted(JOBS))


@dataclass(frozen=True)
class Run:
    """A job that came to its end on the cluster, its results, and what its exported script says."""

    status: Status
    folder: Path
    report: Any


def content_of(job: RealJob) -> bytes:
    """Return the rows of the file; where it is not there, the tests cannot run."""
    return job.rows(require(job.file).read_bytes())


def manifest_of(name: str, jobs: ClusterJobs, secure: SecureJobs) -> dict[str, Any]:
    """Upload the objects of a job and return its resource."""
    job = JOBS[name]
    bucket = secure.bucket if job.secure else jobs.bucket
    for key, body in job.objects(content_of(job)).items():
        bucket.client.put_object(Bucket=bucket.name, Key=f"real/{name}/{key}", Body=body)
    own = {"storage": secure.storage()} if job.secure else {}
    sources = [{"uri": f"{bucket.uri}/real/{name}/{key}", **own} for key in job.sources]
    csv = {"header": False, "columnNames": job.columns, **job.csv}
    dataset = {"sources": sources, "csv": csv, **job.spec["dataset"]}
    return jobs.manifest(name, "", **{"crossValidation": {}, **job.spec, "dataset": dataset})


@pytest.fixture(scope="module")
def runs(
    session_jobs: ClusterJobs, session_secure: SecureJobs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Run]]:
    """All jobs, run at once on the cluster while their scripts run here."""
    jobs, secure, top = session_jobs, session_secure, tmp_path_factory.mktemp("real")
    manifests = {name: manifest_of(name, jobs, secure) for name in JOBS}
    names = {name: jobs.apply(manifest) for name, manifest in manifests.items()}
    try:
        folders = {name: top / ("secure" if JOBS[name].secure else "plain") / name for name in JOBS}
        for name, manifest in manifests.items():
            export(manifest, folders[name])
        executed = [
            execute(top / "plain", (jobs.testbed.s3_access_key, jobs.testbed.s3_secret_key)),
            execute(top / "secure", secure.server.keys, AWS_CA_BUNDLE=str(secure.server.ca_bundle)),
        ]
        reports = {name: report for process in executed for name, report in json.loads(finish(process)).items()}
        found = {}
        for name in JOBS:
            status = jobs.wait_until_it_ends(names[name])
            if status["state"] == "Complete":
                download(jobs, status, folders[name])
            found[name] = Run(status, folders[name], reports[name])
        yield found
    finally:
        jobs.delete(*names.values())


@every_job
def test_a_real_file_is_trained_on_to_the_end_and_the_status_says_what_was_found(
    name: str, runs: dict[str, Run]
) -> None:
    status, job = runs[name].status, JOBS[name]
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    assert status["cells"] == {
        "total": 4, "cached": 0, "pending": 0, "running": 0, "succeeded": 4, "infeasible": 0, "failed": 0,
    }  # fmt: skip
    assert {key: status["dataset"].get(key) for key in job.dataset} == job.dataset
    assert sum(status["dataset"]["parts"].values()) == job.dataset["rows"]
    assert status["test"]["openings"] == 1


@every_job
def test_every_score_of_every_fold_is_that_of_the_exported_script_to_the_last_bit(
    name: str, runs: dict[str, Run]
) -> None:
    run = runs[name]
    assert "winner" in run.report
    check_table(run.report, run.folder)
    check_winner(run.report, run.folder)
    assert run.status["best"]["cell"] == run.report["winner"]
    assert run.status["dataset"]["parts"] == run.report["rows"]
    shown = {"validation": run.status["validation"], "test": run.status["test"]["scores"]}
    for part, scores in shown.items():
        assert scores == {metric: format_score(score) for metric, score in run.report[part].items()}


def test_the_models_predict_original_labels_from_the_raw_files_by_the_code_on_their_cards(
    runs: dict[str, Run],
) -> None:
    started = {}
    for name, run in runs.items():
        (card,) = run.folder.glob("out/runs/*/model-card.md")
        (code,) = CARD_CODE.findall(text := card.read_text(encoding="utf-8"))
        types = CARD_TYPES.findall(text)
        rows = content_of(JOBS[name])
        card.with_name("rows.csv").write_bytes(rows)
        check = (
            f"\nfrom skops.io import get_untrusted_types\nassert get_untrusted_types(file='model.skops') == {types!r}"
        )
        launch = f"import os; os.chdir({str(card.parent)!r})\n{code}{check}"
        started[name] = (start(["-W", "error", "-c", launch], PYTHONPATH=str(FRAMES)), len(rows.splitlines()))
    labels = {"pima": {0, 1}, "colic": {1, 2}, "german": {1, 2}, "phoneme": {0, 1}, "days": {0, 1}}
    for name, (process, count) in started.items():
        predicted = json.loads(finish(process).replace("'", '"'))
        assert len(predicted) == count, name
        assert name == "amount" or set(predicted) == labels[name], name


def test_results_of_the_cluster_are_shown_on_a_laptop_by_the_same_resource(
    runs: dict[str, Run], jobs: ClusterJobs
) -> None:
    run, keys = runs["german"], (jobs.testbed.s3_access_key, jobs.testbed.s3_secret_key)
    table = run.folder / "table.csv"
    command = ["-m", "gridfold_cli", "results", str(run.folder / "JOB.yaml"), "--csv", str(table)]
    shown = finish(start(command, AWS_ACCESS_KEY_ID=keys[0], AWS_SECRET_ACCESS_KEY=keys[1]))
    assert f"Results     {run.status['results']['uri']}" in shown.splitlines()
    assert run.status["best"]["score"] in shown
    (stored,) = run.folder.glob("out/runs/*/results.csv")
    assert table.read_bytes() == stored.read_bytes()


def test_the_same_rows_compressed_in_a_folder_are_the_same_data_so_that_nothing_is_computed_again(
    jobs: ClusterJobs, session_secure: SecureJobs, runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(FRAMES)
    from backports import zstd

    manifest = manifest_of("amount", jobs, session_secure)
    folder = f"real/{manifest['metadata']['name']}/"
    objects = {"rows.csv.zst": zstd.compress(content_of(JOBS["amount"])), "_SUCCESS": b"", "": b""}
    for key, body in objects.items():
        jobs.bucket.client.put_object(Bucket=jobs.bucket.name, Key=folder + key, Body=body)
    manifest["spec"]["dataset"]["sources"] = [{"uri": f"{jobs.bucket.uri}/{folder}"}]
    first = json.loads((runs["amount"].folder / "JOB.yaml").read_text())["spec"]["output"]["uri"]
    manifest["spec"]["output"]["cacheUri"] = f"{first}cache/"
    status = jobs.wait_until_it_ends(jobs.apply(manifest))
    assert condition(status, "Complete")["status"] == "True", status["conditions"]
    assert (status["cells"]["cached"], status["cells"]["succeeded"]) == (4, 0)
    assert jobs.children("pods", manifest["metadata"]["name"], "cell") == []
    assert status["dataset"]["digest"] == runs["amount"].status["dataset"]["digest"]
    assert status["test"]["openings"] == 1, "the same model was scored again, which is no other look"
