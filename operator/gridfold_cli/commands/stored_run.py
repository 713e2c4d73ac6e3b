"""A run that is stored: in a folder of this machine, of a file's job, or of a job in the cluster."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridfold.api.inspection import ResultsReport
from gridfold.api.v1alpha1 import TrainingJob
from gridfold_cli.commands.arguments import load
from gridfold_cli.commands.asking import asking
from gridfold_cli.commands.cluster_job import job_of
from gridfold_cli.commands.cluster_options import Connect
from gridfold_cli.commands.targets import name_in_cluster
from gridfold_cli.errors import InvalidInputError
from gridfold_cli.local.inspection import inspect
from gridfold_cli.local.scratch import scratch_folder

STATUS, TABLE = "status.json", "results.csv"


@dataclass(frozen=True)
class StoredRun:
    """What a run has left."""

    title: str
    status: Mapping[str, Any]  #: status.json
    rows: list[dict[str, str]]  #: results.csv


def stored_run(argument: str, connect: Connect) -> StoredRun:
    """Return the run that an argument names.

    Raises:
        InvalidInputError: a folder has none, or not as it was written.
        CommandError: the cluster has no such job.
    """
    if Path(argument).is_dir():
        return _of_folder(Path(argument))
    name = name_in_cluster(argument)
    if name is None:
        file = Path(argument)
        return _of_job(argument, load(file), file.absolute().parent)
    with connect() as jobs:
        document = jobs.find(name)
    return _of_job(argument, job_of(document), Path.cwd())


def _of_folder(folder: Path) -> StoredRun:
    try:
        status = json.loads((folder / STATUS).read_bytes())
        content = (folder / TABLE).read_bytes()
        known = status["files"][TABLE]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            f"{folder}: is no run's folder ({error}); expected one below runs/ of a job's output, with {STATUS} "
            f"and {TABLE}"
        ) from error
    if hashlib.sha256(content).hexdigest() != known:
        raise InvalidInputError(f"{folder / TABLE}: was changed since the run: {STATUS} has another digest of it")
    return StoredRun(str(folder), status, list(csv.DictReader(io.StringIO(content.decode(), newline=""))))


def _of_job(title: str, job: TrainingJob, base_folder: Path) -> StoredRun:
    with scratch_folder() as scratch, asking("compare"):
        path = scratch / TABLE
        report = inspect(job, base_folder, ("results", "--csv", str(path)), ResultsReport)
        with path.open(newline="", encoding="utf-8") as lines:
            return StoredRun(title, report.status, list(csv.DictReader(lines)))
