"""Whose an output folder is: a job never writes over the results of another."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridfold.api.handoff import StageInput
from gridfold_trainer.errors import DataError, ObjectMissingError
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_writing import why_unwritable

LATEST = "latest.json"
LATEST_BYTES = 64 * 1024


class OutputInUseError(DataError):
    """The output folder belongs to another job."""

    reason = "OutputInUse"


class Owner(BaseModel):
    """Which TrainingJob a folder belongs to."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    namespace: Annotated[str, Field(max_length=253)]
    name: Annotated[str, Field(max_length=253)]


class Latest(BaseModel):
    """latest.json: which run is the current one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    owner: Owner
    run: Annotated[str, Field(max_length=1200)]  #: folder of the run
    status_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def write_problems(job: StageInput, context: Context) -> list[str]:
    """Return why output and cache could not be written to, where they are folders of this machine."""
    folders = {uri: context.store.local_path(uri) for uri in (job.spec.output.uri, job.spec.cache_uri)}
    found = [why_unwritable(uri, folder) for uri, folder in folders.items() if folder is not None]
    return [problem for problem in found if problem is not None][:1]  # the cache is, as a rule, below the output


def check_owner(job: StageInput, context: Context) -> None:
    """Make sure that the output folder is this job's, or nobody's.

    Raises:
        OutputInUseError: it is another job's; nothing has been written.
    """
    try:
        latest = _latest(job, context)
    except ValidationError as error:
        raise OutputInUseError(
            f"spec.output.uri is {job.spec.output.uri}, which holds a {LATEST} that is damaged or not Gridfold's; "
            "name a folder of this job's own, or remove that file if it was this job's."
        ) from error
    if latest is not None and latest.owner != Owner(namespace=job.namespace, name=job.name):
        raise OutputInUseError(
            f"spec.output.uri is {job.spec.output.uri}, which holds the results of TrainingJob "
            f"{latest.owner.namespace}/{latest.owner.name}; this is {job.namespace}/{job.name}. "
            "Name a folder of this job's own."
        )


def is_owned(job: StageInput, context: Context) -> bool:
    """Tell whether the output folder has results of this job."""
    try:
        latest = _latest(job, context)
    except ValidationError:
        return False
    return latest is not None and latest.owner == Owner(namespace=job.namespace, name=job.name)


def finished_at(output_uri: str, context: Context) -> datetime | None:
    """Return when the current run became that, by the server's clock; None where there is none, or it does not tell."""
    uri = f"{output_uri}{LATEST}"
    times = [stat.modified for found, stat in context.store.list_objects(uri) if found == uri]
    return times[0] if times else None


def _latest(job: StageInput, context: Context) -> Latest | None:
    try:
        return Latest.model_validate_json(context.store.get(f"{job.spec.output.uri}{LATEST}", LATEST_BYTES))
    except ObjectMissingError:
        return None
