"""A run brought to an MLflow server, each part only if it is not there: what broke off is completed by the next try."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gridfold_cli.errors import CommandError
from gridfold_cli.exits import Exit
from gridfold_cli.mlflow.exported import CELL, IDENTITY, PARENT, Exported
from gridfold_cli.mlflow.limits import METRICS, PARAMETERS, batches, number, pairs
from gridfold_cli.mlflow.refusals import ExistsError, MissingError
from gridfold_cli.mlflow.server import Document, MlflowServer

PROXIED = "mlflow-artifacts"
#: The folder of the model among a run's artifacts, and what belongs into it.
MODEL, DESCRIPTION = "model", "MLmodel"
MODEL_FILES = frozenset({DESCRIPTION, "model.skops", "requirements.txt", "python_env.yaml"})
_ENDED = ("FINISHED", "FAILED")
_MOST_RUNS = 1000


@dataclass(frozen=True)
class Sent:
    """A run as the server has it."""

    run_id: str
    artifacts: str  #: URI of its artifacts
    before: bool  #: whether all of it was there before


def find_experiment(server: MlflowServer, name: str) -> Document | None:
    """Return an experiment that can be written to, None where there is none of this name.

    Raises:
        CommandError: it was deleted, or its artifacts are not the server's to write.
    """
    try:
        found: Document = server.get("experiments/get-by-name", experiment_name=name)["experiment"]
    except MissingError:
        return None
    if found.get("lifecycle_stage") == "deleted":
        raise CommandError(
            f"the experiment {name} was deleted: restore it (mlflow experiments restore --experiment-id "
            f"{found['experiment_id']}), or name another by --experiment",
            Exit.INVALID,
        )
    _check_proxied(found.get("artifact_location") or "", f"the experiment {name}")
    return found


def make_experiment(server: MlflowServer, name: str) -> Document:
    """Return a new experiment, or that which somebody else has made meanwhile."""
    with suppress(ExistsError):
        server.post("experiments/create", {"name": name})
    found = find_experiment(server, name)
    if found is None:
        raise MissingError(f"{server.address.url} has no experiment {name}, which it has just made: try it again")
    return found


def find_run(server: MlflowServer, experiment: str, identity: str) -> Document | None:
    """Return the run of this identity, the oldest if there are several."""
    found = _search(server, experiment, IDENTITY, identity)
    return min(found, key=lambda run: int(run["info"]["start_time"])) if found else None


def find_cells(server: MlflowServer, experiment: str, parent: str) -> dict[str, Document]:
    """Return the runs of cells below a run, by cell."""
    found = ((_tags(run).get(CELL), run) for run in _search(server, experiment, PARENT, parent))
    return {cell: run for cell, run in found if cell is not None}


def begin(server: MlflowServer, experiment: str, wanted: Exported, there: Document | None) -> Sent:
    """Return a run with its parameters, metrics and tags, which may still lack other things: it is not ended."""
    before = there is not None and there["info"]["status"] in _ENDED
    run = (
        there
        or server.post(
            "runs/create",
            {
                "experiment_id": experiment,
                "run_name": wanted.name,
                "start_time": _now(),
                "tags": pairs(wanted.tags),
            },
        )["run"]
    )
    info = run["info"]
    if not before:
        _log(server, info["run_id"], int(info["start_time"]), wanted)
    return Sent(info["run_id"], info["artifact_uri"], before)


def end(server: MlflowServer, sent: Sent, wanted: Exported) -> None:
    """End a run that has everything."""
    if not sent.before:
        status = "FAILED" if wanted.failed else "FINISHED"
        server.post("runs/update", {"run_id": sent.run_id, "status": status, "end_time": _now()})


def send_cells(server: MlflowServer, experiment: str, parent: Sent, cells: Sequence[Exported]) -> int:
    """Have a nested run for each of these, and return how many were not there, or not whole."""
    there, made = find_cells(server, experiment, parent.run_id), 0
    for cell in reversed(cells):  # MLflow shows first what came last
        sent = begin(server, experiment, cell, there.get(cell.tags[CELL]))
        end(server, sent, cell)
        made += not sent.before
    return made


def upload(server: MlflowServer, sent: Sent, files: Iterable[Path]) -> int:
    """Store files among a run's artifacts, those of the model in its folder; return how many were not there."""
    _check_proxied(sent.artifacts, f"the run {sent.run_id}")
    root = urlsplit(sent.artifacts).path.strip("/")
    there: dict[str, int] = {}
    for folder in ("", MODEL):
        listed = server.get("artifacts/list", run_id=sent.run_id, **({"path": folder} if folder else {}))
        there |= {
            file["path"]: int(file.get("file_size") or 0) for file in listed.get("files", []) if not file.get("is_dir")
        }
    missing = [(file, path) for file in files if there.get(path := _place(file.name)) != file.stat().st_size]
    # MLmodel comes last: what has one is a model with all of its files.
    for file, path in sorted(missing, key=lambda pair: pair[0].name == DESCRIPTION):
        server.upload(f"{root}/{path}", file)
    return len(missing)


def register(server: MlflowServer, sent: Sent, model: str, alias: str, tags: Mapping[str, str]) -> tuple[str, bool]:
    """Return the version of a registered model that is this run's, and whether it is new; the alias names it then."""
    with suppress(ExistsError):
        server.post("registered-models/create", {"name": model})
    source = f"{sent.artifacts}/{MODEL}"
    found = server.get("model-versions/search", filter=f"run_id = '{sent.run_id}'").get("model_versions", [])
    mine = [version for version in found if version["name"] == model and version.get("source") == source]
    made = not mine
    if made:
        wanted = {"name": model, "source": source, "run_id": sent.run_id, "tags": pairs(tags)}
        mine = [server.post("model-versions/create", wanted)["model_version"]]
    version = str(min((found["version"] for found in mine), key=int))
    if alias:
        server.post("registered-models/alias", {"name": model, "alias": alias, "version": version})
    return version, made


def _place(name: str) -> str:
    return f"{MODEL}/{name}" if name in MODEL_FILES else name


def _search(server: MlflowServer, experiment: str, tag: str, text: str) -> Sequence[Document]:
    wanted = {"experiment_ids": [experiment], "filter": f"tags.`{tag}` = '{text}'", "max_results": _MOST_RUNS}
    found: Sequence[Document] = server.post("runs/search", wanted).get("runs", [])
    return found


def _tags(run: Document) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}


def _log(server: MlflowServer, run_id: str, timestamp: int, wanted: Exported) -> None:
    """Log all of a run. What is there already, the same, stays the same: metrics have the time of the run's start."""
    metrics: list[dict[str, Any]] = [
        {"key": metric.name, "value": number(metric.value), "timestamp": timestamp, "step": metric.step}
        for metric in wanted.metrics
    ]
    for kind, items, most in (
        ("params", pairs(wanted.params), PARAMETERS),
        ("tags", pairs(wanted.tags), PARAMETERS),
        ("metrics", metrics, METRICS),
    ):
        for batch in batches(items, most):
            server.post("runs/log-batch", {"run_id": run_id, kind: batch})
    if wanted.dataset:
        context = {"key": "mlflow.data.context", "value": "training"}
        server.post("runs/log-inputs", {"run_id": run_id, "datasets": [{"tags": [context], "dataset": wanted.dataset}]})


def _check_proxied(uri: str, what: str) -> None:
    """Raise where artifacts do not go through the server that is spoken to."""
    parts = urlsplit(uri)
    if parts.scheme != PROXIED or parts.netloc:
        raise CommandError(
            f"{what} keeps its artifacts at {uri}, where MLflow's clients write by themselves; gridfold writes through "
            "the server alone. Name an experiment by --experiment that is not there yet, or was made by a server that "
            "serves artifacts (mlflow server --artifacts-destination URI, without --default-artifact-root)",
            Exit.INVALID,
        )


def _now() -> int:
    return round(time.time() * 1000)
