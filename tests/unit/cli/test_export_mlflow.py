"""`gridfold export-mlflow`: what a server is told, that it is told once, and what is said where it cannot be."""

import copy
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gridfold.api.answers import CopiesAnswer
from gridfold_cli.commands import export_mlflow as command
from gridfold_cli.local.inspection import InspectionError
from tests.unit.cli.cluster_cli import Cli, Done, complete
from tests.unit.cli.jobs import document
from tests.unit.cli.mlflow_memory import MemoryMlflow, served
from tests.unit.cli.stored_runs import ROWS, row, status, write_run
from tests.unit.cli.test_report import Write, stored
from tests.unit.trainer.scripted_s3 import make_certificate

VARIABLES = ("TRACKING_URI", "EXPERIMENT_NAME", "TRACKING_USERNAME", "TRACKING_PASSWORD", "TRACKING_TOKEN")


class Exporting:
    """The command on a run that the trainer hands over, and the server that it goes to."""

    def __init__(self, cli: Cli, job: Path, mlflow: MemoryMlflow) -> None:
        self.cli, self.job, self.mlflow = cli, job, mlflow
        self.status, self.rows, self.model = status(), ROWS, True
        self.asked: list[Any] = []

    def inspect(self, job: Any, _base: object, question: tuple[str, ...], *_more: object) -> CopiesAnswer:
        self.asked.append(job.metadata.name)
        return write_run(Path(question[question.index("--folder") + 1]), self.status, self.rows, model=self.model)

    def __call__(self, *options: str, job: str = "", uri: str = "") -> Done:
        return self.cli("export-mlflow", job or self.job, "--tracking-uri", uri or self.mlflow.url, *options)


@pytest.fixture
def exporting(cli: Cli, write_job: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporting]:
    for name in VARIABLES:
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    with served() as mlflow:
        made = Exporting(cli, write_job(document()), mlflow)
        monkeypatch.setattr(command, "inspect", made.inspect)
        yield made


def texts(run: dict[str, Any], kind: str) -> dict[str, str]:
    return {item["key"]: item["value"] for item in run["data"][kind]}


def test_a_run_its_best_cells_its_files_and_its_model_are_told(exporting: Exporting) -> None:
    done = exporting("--register", "adults", "--alias", "candidate")
    mlflow = exporting.mlflow
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Experiment  small",
        "Run         run0",
        f"Page        {mlflow.url}/#/experiments/1/runs/run0",
        "Cells       2 of 3 as nested runs, 2 of them sent now",
        "Artifacts   7, 7 of them sent now",
        "Model       adults, version 1, now adults@candidate",
        'Load it     mlflow.sklearn.load_model("models:/adults@candidate")',
    ]
    whole, *cells = mlflow.runs.values()
    assert (whole["info"]["run_name"], whole["info"]["status"]) == ("small 1-0a1b2c3d", "FINISHED")
    assert texts(whole, "params") == {"C": "0.5", "max_iter": "50"}
    assert {(item["key"], item["step"]): item["value"] for item in whole["data"]["metrics"]} == {
        ("cv_f1", 0): 0.5,
        ("cv_f1", 1): 1.0,
        ("cv_mean_f1", 0): 0.75,
        ("cv_std_f1", 0): 0.01,
        ("mean_fit_time", 0): 0.25,
        ("validation_f1", 0): 0.75,
        ("test_f1", 0): 0.7,
        ("test_f1_low", 0): 0.6,
        ("test_f1_high", 0): 0.8,
        ("cv_selection_honest_f1", 0): 0.71,
    }
    tags = texts(whole, "tags")
    assert (tags["gridfold.runDigest"], tags["gridfold.datasetDigest"]) == ("d" * 64, f"sha256:{'da' * 32}")
    assert json.loads(tags["gridfold.spec"]) == exporting.status["spec"]
    assert tags["mlflow.note.content"] == "it went well\n\ntwo classes are rare"
    ((data,),) = [[item["dataset"] for item in whole["data"]["datasets"]]]
    assert (data["name"], data["digest"]) == ("train.csv", "da" * 18)
    assert json.loads(data["source"]) == {"sources": ["s3://data/adult/train.csv"]}
    assert [texts(cell, "tags")["gridfold.cell"] for cell in cells] == ["1", "0"]  # MLflow shows the last made first
    assert {texts(cell, "tags")["mlflow.parentRunId"] for cell in cells} == {"run0"}
    assert texts(cells[0], "params") == {"C": "1.5", "max_iter": "50"}
    assert texts(cells[0], "metrics")["cv_mean_f1"] == 0.625
    root = "1/run0/artifacts"
    assert sorted(mlflow.files) == sorted(
        [f"{root}/model/{name}" for name in ("MLmodel", "model.skops", "requirements.txt", "python_env.yaml")]
        + [f"{root}/{name}" for name in ("report.html", "results.csv", "status.json")]
    )
    assert mlflow.models["adults"][0]["source"] == f"mlflow-artifacts:/{root}/model"
    assert mlflow.aliases == {("adults", "candidate"): "1"}


def test_exported_again_it_is_the_same_run_and_another_run_is_another(exporting: Exporting) -> None:
    exporting("--register", "adults", "--alias", "candidate")
    before = copy.deepcopy(exporting.mlflow.whole())
    done = exporting("--register", "adults", "--alias", "candidate")
    assert exporting.mlflow.whole() == before
    assert "run0, which was there" in done.out
    assert "version 1, which was there, now adults@candidate" in done.out
    exporting.status = status(best=1)
    assert exporting("--register", "adults", "--alias", "candidate").code == 0
    assert len(exporting.mlflow.runs) == 6
    assert exporting.mlflow.aliases == {("adults", "candidate"): "2"}


@pytest.mark.parametrize("after", [False, True])
def test_whatever_request_breaks_off_the_next_try_completes_it(exporting: Exporting, after: bool) -> None:
    options = ("--register", "adults", "--alias", "candidate")
    exporting(*options)
    wanted, requests = copy.deepcopy(exporting.mlflow.whole()), len(exporting.mlflow.requests)
    for broken in range(requests):
        with served() as mlflow:
            exporting.mlflow, mlflow.after = mlflow, after
            mlflow.instead = lambda number, broken=broken: (502, b"<html>", {}) if number == broken else None
            first = exporting(*options)
            assert (first.code, "the same command goes on" in first.err) == (1, True), first
            assert exporting(*options).code == 0
            assert mlflow.whole() == wanted, mlflow.requests[broken]


def test_a_run_without_a_winner_is_a_failed_one_with_no_model(exporting: Exporting) -> None:
    exporting.status, exporting.model = status(best=None, headline="no cell has a score"), False
    exporting.rows = [row(0, [0.5, None], 1)]
    refused = exporting("--register", "adults")
    assert (refused.code, exporting.mlflow.runs, exporting.mlflow.experiments) == (1, {}, {})
    assert "has no model to register as adults: no cell has a score. Without --register" in refused.err
    done = exporting()
    assert done.code == 0
    assert "Load it" not in done.out
    (run,) = exporting.mlflow.runs.values()
    assert (run["info"]["status"], run["data"]["params"], run["data"]["metrics"]) == ("FAILED", [], [])
    assert "which was there" in exporting().out


def test_a_job_of_the_cluster_is_read_from_its_storage(exporting: Exporting) -> None:
    stored(exporting.cli, complete(3))
    done = exporting("--experiment", "team", job="tj/small")
    assert (done.code, exporting.asked, list(exporting.mlflow.experiments)) == (0, ["small"], ["team"])
    assert "AWS_ACCESS_KEY_ID" in done.err


def test_where_the_trainer_has_no_answer_its_words_are_said(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> CopiesAnswer:
        raise InspectionError("NoResults: out/ has no results of a finished run; run the job first.")

    monkeypatch.setattr(command, "inspect", none)
    done = exporting()
    assert (done.code, exporting.mlflow.experiments) == (1, {})
    assert "run the job first" in done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--alias", "candidate"), "--alias candidate is for a version of a model: name that by --register MODEL"),
        (("--register", "a/b"), "MLflow allows neither / nor :"),
        (("--register", "a", "--alias", "v1"), "neither latest nor what looks like a version"),
        (("--register", "a", "--alias", "latest"), "neither latest nor"),
        (("--register", "a", "--alias", "the best"), "letters, digits, _ and -"),
        (("--output", "elsewhere"), "--output is for files"),
    ],
)
def test_names_that_mlflow_refuses_are_refused_before_it_is_asked(
    exporting: Exporting, options: tuple[str, ...], words: str
) -> None:
    done = exporting(*options, job="small" if "--output" in options else "")
    assert (done.code, exporting.mlflow.requests) == (2, [])
    assert words in done.err


def answer(status: int, message: str = "", code: str = "", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    body = json.dumps({"error_code": code, "message": message}).encode() if code else message.encode()
    return status, body, headers


@pytest.mark.parametrize(
    ("instead", "code", "words"),
    [
        (answer(401), 1, "asks who you are (401): set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"),
        (answer(403, "Permission denied", "PERMISSION_DENIED"), 1, "refuses it (403 for /api/2.0/mlflow/experiments/"),
        (answer(403, "Invalid Host header"), 1, "Host header. Ask who runs it to let it answer to this host name"),
        (
            answer(403, "No.", "PERMISSION_DENIED"),
            1,
            "No. Ask who runs it for the right to edit the experiment or model",
        ),
        (answer(404, "<html>nothing here</html>"), 2, "is no MLflow server that knows this (404"),
        (answer(200, "<html>a page</html>"), 2, "is no MLflow server that knows this (200"),
        (answer(302, Location="https://login.example.com/"), 2, "sends elsewhere (302 to https://login.example.com/)"),
        (answer(413), 1, "takes no request of this size"),
        (answer(503, "busy"), 1, "cannot do it now (503 for"),
        (answer(400, "No.", "INVALID_PARAMETER_VALUE"), 2, "refuses it (400 for"),
    ],
)
def test_what_the_server_has_against_it_is_said_before_data_is_read(
    exporting: Exporting, instead: tuple[int, bytes, dict[str, str]], code: int, words: str
) -> None:
    exporting.mlflow.instead = lambda _number: instead
    done = exporting()
    assert (done.code, done.out, exporting.asked) == (code, "", [])
    assert words in done.err


@pytest.mark.parametrize(
    ("variables", "sent", "who"),
    [
        ({"USERNAME": "ann", "PASSWORD": "s3cret"}, "Basic YW5uOnMzY3JldA==", "the user ann"),
        ({"TOKEN": "s3cret"}, "Bearer s3cret", "the token in MLFLOW_TRACKING_TOKEN"),
        ({"USERNAME": "ann", "PASSWORD": "s3cret", "TOKEN": "t"}, "Basic YW5uOnMzY3JldA==", "the user ann"),
    ],
)
def test_credentials_are_those_of_mlflow_and_are_never_shown(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sent: str, who: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    exporting.mlflow.instead = lambda _number: answer(401)
    done = exporting()
    assert exporting.mlflow.requests[0][2]["Authorization"] == sent
    assert f"does not accept {who} (401)" in done.err
    assert "s3cret" not in done.out + done.err


def test_a_server_that_is_not_there_is_told(exporting: Exporting) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = exporting(uri=f"http://127.0.0.1:{port}")
    assert (done.code, exporting.asked) == (1, [])
    assert f"http://127.0.0.1:{port} gives no answer: nothing listens there" in done.err


def test_a_proxy_is_used_as_the_environment_says(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", exporting.mlflow.url.replace("://", "://ann:s3cret@"))
    monkeypatch.setenv("no_proxy", "")
    assert exporting(uri="http://mlflow.invalid").code == 0
    assert len(exporting.mlflow.runs) == 3
    assert exporting.mlflow.requests[0][2]["proxy-authorization"] == "Basic YW5uOnMzY3JldA=="
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert "gives no answer" in exporting().err
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert exporting().code == 0


def test_a_server_without_tls_is_told_from_one_that_is_not_trusted(exporting: Exporting) -> None:
    done = exporting(uri=exporting.mlflow.url.replace("http://", "https://"))
    assert done.code == 1
    assert "does not speak TLS as it is understood here" in done.err
    assert "begin with http://?" in done.err


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_is_trusted_where_mlflow_would_trust_it(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: bool
) -> None:
    key, certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if trusted:
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
    with served(context) as mlflow:
        done = exporting(uri=mlflow.url)
        if trusted:
            assert (done.code, len(mlflow.runs)) == (0, 3), done.err
        else:
            assert (done.code, mlflow.requests) == (1, [])
            assert "is not who it says it is: " in done.err
            assert "MLFLOW_TRACKING_SERVER_CERT_PATH can name a file" in done.err
            monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
            assert exporting(uri=mlflow.url).code == 0


def test_artifacts_that_do_not_go_through_the_server_are_refused(exporting: Exporting) -> None:
    exporting.mlflow.location = "s3://bucket/mlflow"
    done = exporting()
    assert (done.code, exporting.mlflow.runs) == (2, {})
    assert "the experiment small keeps its artifacts at s3://bucket/mlflow/1, where MLflow's clients write" in done.err


def test_a_deleted_experiment_is_told(exporting: Exporting) -> None:
    exporting()
    exporting.mlflow.experiments["small"]["lifecycle_stage"] = "deleted"
    done = exporting()
    assert done.code == 2
    assert "was deleted: restore it (mlflow experiments restore --experiment-id 1)" in done.err
