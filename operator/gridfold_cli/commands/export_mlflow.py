"""`gridfold export-mlflow`: the current run of a job as a run of MLflow, its model as one that MLflow knows by name."""

import csv
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from gridfold.api.answers import CopiesAnswer
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import load, output_option
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import READING
from gridfold_cli.commands.cluster_options import Connect, cluster_options
from gridfold_cli.commands.examples import examples
from gridfold_cli.commands.finished_job import finished_job
from gridfold_cli.commands.targets import job_or_file, name_without_output
from gridfold_cli.errors import CommandError, InvalidInputError
from gridfold_cli.local.inspection import ASKED, inspect
from gridfold_cli.local.scratch import scratch_folder
from gridfold_cli.mlflow import sending
from gridfold_cli.mlflow.addresses import address_of
from gridfold_cli.mlflow.exported import best_cells, whole_run
from gridfold_cli.mlflow.server import Document, MlflowServer
from gridfold_cli.terminal.say import say, say_page

TABLE = "results.csv"
_ALIAS, _VERSION = re.compile(r"[\w-]{1,255}"), re.compile(r"[vV]\d+|latest")


@click.command(
    "export-mlflow",
    short_help="Export the current run of a job to an MLflow server.",
    epilog=examples(
        "gridfold export-mlflow JOB.yaml --tracking-uri http://127.0.0.1:5000",
        "gridfold export-mlflow adult-income -n team-a --tracking-uri https://mlflow.example.com \\",
        "      --register adult-income --alias candidate",
    ),
)
@job_or_file
@output_option
@click.option(
    "--tracking-uri",
    metavar="URI",
    envvar="MLFLOW_TRACKING_URI",
    required=True,
    help="Address of the MLflow server; default: MLFLOW_TRACKING_URI.",
)
@click.option(
    "--experiment",
    metavar="NAME",
    envvar="MLFLOW_EXPERIMENT_NAME",
    help="Where the run goes; made if it is not there. Default: MLFLOW_EXPERIMENT_NAME, else the job's name.",
)
@click.option("--register", "model", default="", metavar="MODEL", help="Make the run's model a version of this one.")
@click.option("--alias", default="", metavar="NAME", help="Alias for that version, such as candidate.")
@cluster_options
def export_mlflow(
    job: str, *, connect: Connect, output: str | None, tracking_uri: str, experiment: str | None, model: str, alias: str
) -> None:
    """Export a TrainingJob's current run to an MLflow server: scores, model and report.

    The run gets parameters and scores of the winner, a nested run for each of the 20 best cells, and as artifacts the
    model (model/) and everything else of the run's folder. Exported again it is the same run: only what is missing is
    added. MLflow need not be installed here.

    Who you are to the server is said as to MLflow itself: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or
    MLFLOW_TRACKING_TOKEN. This machine has to reach the job's storage, too.

    Exit codes: 0 done, 1 the server or the storage does not answer or refuses, 2 invalid input.
    """
    name = name_without_output(job, output)
    _check_names(model, alias)
    address = address_of(tracking_uri)
    with closing(MlflowServer(address)) as server:
        if name is None:
            file = Path(job)
            found, base_folder = load(file, output), file.absolute().parent
        else:
            found, base_folder = finished_job(name, connect), Path.cwd()
        wanted = experiment or found.metadata.name
        there = sending.find_experiment(server, wanted)  # what is wrong with the server is told before data is read
        if name is not None:
            say(READING, err=True)
        with _copies(found, base_folder) as (copies, folder):
            _check_model(copies, folder, model)
            place = there or sending.make_experiment(server, wanted)
            _send(server, place, copies, folder, (model, alias))


def _check_names(model: str, alias: str) -> None:
    """Raise for names that MLflow refuses, before anything is sent to it."""
    if alias and not model:
        raise InvalidInputError(f"--alias {alias} is for a version of a model: name that by --register MODEL")
    if set(model) & set("/:"):
        raise InvalidInputError(f"--register is {model}: MLflow allows neither / nor : in the name of a model")
    if alias and (not _ALIAS.fullmatch(alias) or _VERSION.fullmatch(alias)):
        raise InvalidInputError(
            f"--alias is {alias}: MLflow allows letters, digits, _ and -, and neither latest nor what looks like a "
            "version (v1); such as candidate"
        )


def _check_model(copies: CopiesAnswer, folder: Path, model: str) -> None:
    if model and not (folder / sending.DESCRIPTION).exists():
        why = copies.status.get("usage") or "no cell has a score"
        raise CommandError(
            f"{copies.run} has no model to register as {model}: {why}. Without --register the run is exported "
            "all the same"
        )


@contextmanager
def _copies(job: TrainingJob, base_folder: Path) -> Iterator[tuple[CopiesAnswer, Path]]:
    with scratch_folder() as folder:
        with asking("export-mlflow"):
            answer = inspect(job, base_folder, ("copies", "--folder", str(folder)), CopiesAnswer, ASKED)
        yield answer, folder


def _send(
    server: MlflowServer, place: Document, copies: CopiesAnswer, folder: Path, registered: tuple[str, str]
) -> None:
    """Bring a run to the server, and say what it has become there."""
    with (folder / TABLE).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    experiment = place["experiment_id"]
    whole = whole_run(copies.run, copies.status, copies.status_sha256, copies.summary, rows)
    sent = sending.begin(server, experiment, whole, sending.find_run(server, experiment, copies.status_sha256))
    _say("Experiment", place["name"])
    cells = best_cells(copies.status, rows, sent.run_id)
    made = sending.send_cells(server, experiment, sent, cells)
    files = [path for path in folder.iterdir() if path.is_file()]
    uploaded = sending.upload(server, sent, files)
    sending.end(server, sent, whole)
    known = ", which was there" if sent.before and not made + uploaded else ""
    _say("Run", f"{sent.run_id}{known}")
    say_page(f"{'Page':<12}", f"{server.address.url}/#/experiments/{experiment}/runs/{sent.run_id}")
    _say("Cells", f"{len(cells)} of {len(rows)} as nested runs, {made} of them sent now")
    _say("Artifacts", f"{len(files)}, {uploaded} of them sent now")
    for title, text in _registered(server, sent, copies, folder, registered):
        _say(title, text)


def _registered(
    server: MlflowServer, sent: sending.Sent, copies: CopiesAnswer, folder: Path, registered: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    model, alias = registered
    if model:
        tags = {"gridfold.run": copies.run, "gridfold.datasetDigest": copies.status["dataset"]["digest"]}
        version, new = sending.register(server, sent, model, alias, tags)
        named = f", now {model}@{alias}" if alias else ""
        yield "Model", f"{model}, version {version}{'' if new else ', which was there'}{named}"
    if (folder / sending.DESCRIPTION).exists():
        uri = f"runs:/{sent.run_id}/{sending.MODEL}"
        if model:
            uri = f"models:/{model}@{alias}" if alias else f"models:/{model}/{version}"
        yield "Load it", f'mlflow.sklearn.load_model("{uri}")'


def _say(title: str, text: str) -> None:
    say(f"{title:<12}{text}")
