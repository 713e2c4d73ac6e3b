"""The run that latest.json names."""

import hashlib
import json
import secrets
from pathlib import Path

from pydantic import ValidationError

from gridfold.api.handoff import StageInput
from gridfold.api.inspection import ResultsReport
from gridfold_trainer.errors import DataError, ObjectMissingError
from gridfold_trainer.outcome.ownership import LATEST, LATEST_BYTES, Latest, check_owner
from gridfold_trainer.storage.context import Context

STATUS_BYTES = 16 * 1024 * 1024


class NoResultsError(DataError):
    """There is no run to show, or it is not whole."""

    reason = "NoResults"


def current_run(job: StageInput, context: Context) -> tuple[ResultsReport, bytes]:
    """Return the run that latest.json names, and its status.json as it is."""
    check_owner(job, context)
    output = job.spec.output.uri
    try:
        latest = Latest.model_validate_json(context.store.get(f"{output}{LATEST}", LATEST_BYTES))
        content = context.store.get(f"{latest.run}status.json", STATUS_BYTES) if latest.run.startswith(output) else b""
    except (ObjectMissingError, ValidationError) as error:
        raise NoResultsError(f"{output} has no results of a finished run; run the job first.") from error
    if hashlib.sha256(content).hexdigest() != latest.status_sha256:
        raise NoResultsError(f"{latest.run}status.json is not the one that {LATEST} names; run the job again.")
    return ResultsReport(run=latest.run, status=json.loads(content)), content


def fetch_file(found: ResultsReport, name: str, context: Context) -> Path:
    """Return a copy of a file of a run that is the one that its status.json names.

    Raises:
        TrainerError: it is not there, or another one by now.
    """
    fetched = context.scratch / f"{secrets.token_hex(4)}-{name}"
    sha256 = context.store.download(f"{found.run}{name}", fetched)
    if sha256 != found.status["files"].get(name, {}).get("sha256"):
        raise NoResultsError(f"{found.run}{name} is not the one that status.json names; run the job again.")
    return fetched
