"""Which job may write an output folder, settled before any of its cells runs, also where two begin at once.

Conditional writes cannot be leaned on: several servers ignore them. So every job writes a claim of its own, waits a
moment, and looks at all claims: the oldest by the server's own clock has the folder, of two of one age the one that
sorts first. What a job does not see when it looks was written after its look, and is younger by more than what such a
clock counts in. A claim that is there is never written again, so that it does not lose its age.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gridfold.api.handoff import StageInput
from gridfold.domain.naming import label_value
from gridfold_trainer.advice import here
from gridfold_trainer.errors import DataError, ObjectMissingError, TrainerError
from gridfold_trainer.outcome.ownership import LATEST_BYTES, OutputInUseError, Owner, check_owner, is_owned
from gridfold_trainer.storage.context import Context

log = logging.getLogger("gridfold")

FOLDER = "claims/"
LONGEST_NAME = 128  #: of a TrainingJob, that a claim's has whole
#: Servers tell times in whole seconds; this machine's file systems in milliseconds.
SETTLED_SECONDS, SETTLED_SECONDS_OF_FILES = 1.5, 0.05
#: A job that has not finished for so long is taken for gone.
STALE = timedelta(days=7)
_NEVER = datetime.fromtimestamp(0, UTC)


class Claim(BaseModel):
    """A claim as it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    owner: Owner
    uid: str = ""
    released: bool = False  #: where it may be written but not removed


@dataclass(frozen=True)
class _Found:
    uri: str
    since: datetime

    @property
    def order(self) -> tuple[datetime, str]:
        return self.since, self.uri


@contextmanager
def held(job: StageInput, context: Context, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Claim the output folder while the block prepares the data; settle it at its end.

    The claim stays for the run, and goes where the block fails for good.

    Raises:
        OutputInUseError: another job has the folder.
    """
    if is_owned(job, context):  # latest.json says whose it is, and all others read it
        yield
        return
    written = _claim(job, context)
    try:
        check(job, context)  # who sees an older claim has lost already
        yield
        remaining = written + _settled_seconds(job, context) - time.monotonic()
        if remaining > 0:
            sleep(remaining)
        check(job, context)
        check_owner(job, context)  # who has just finished has no claim any more
    except TrainerError as error:
        if _is_local(job, context) or not error.retryable:  # else it is tried again, and may wait for this very storage
            release(job, context)
        raise


def check(job: StageInput, context: Context) -> None:
    """Make sure that no other job has an older claim.

    Raises:
        OutputInUseError: another has.
    """
    found = {item.uri: item for item in _claims(job, context)}
    own = found.pop(claim_uri(job), None)
    for other in sorted(found.values(), key=lambda item: item.order):
        if own is not None and (own.order < other.order or own.since - other.since > STALE):
            continue
        claim = _read(other.uri, context)
        if claim is None or not claim.released:
            raise OutputInUseError(_in_use(job, claim, other))


def release(job: StageInput, context: Context) -> None:
    """Give the folder up, as far as that is possible."""
    uri = claim_uri(job)
    try:
        context.store.delete(uri)
    except TrainerError as error:
        log.warning("%s could not be removed: %s", uri, error)
        with suppress(TrainerError):
            context.store.put(uri, _content(job, released=True))


def claim_uri(job: StageInput) -> str:
    """Return where a job's claim is: by its name, so that one that is made again has the claim of the one before.

    A file's name ends at 255 bytes, a TrainingJob's at 253.
    """
    name = job.name if len(job.name) <= LONGEST_NAME else label_value(job.name)
    return f"{job.spec.output.uri}{FOLDER}{job.namespace}.{name}.json"


def _claim(job: StageInput, context: Context) -> float:
    """Write the claim, unless it is there, and return the time at which that was done."""
    uri = claim_uri(job)
    try:
        there = _read(uri, context)
        if there is None or there.released:
            context.store.put(uri, _content(job))
    except DataError as error:  # what is wrong with the folder is told together with all else
        log.warning("%s could not be written: %s", uri, error)
    return time.monotonic()


def _claims(job: StageInput, context: Context) -> list[_Found]:
    listed = context.store.list_objects(f"{job.spec.output.uri}{FOLDER}")
    return [_Found(uri, stat.modified or _NEVER) for uri, stat in listed if uri.endswith(".json")]


def _read(uri: str, context: Context) -> Claim | None:
    """Return a claim, or None where there is none that can be read."""
    try:
        return Claim.model_validate_json(context.store.get(uri, LATEST_BYTES))
    except (ObjectMissingError, ValidationError):
        return None


def _content(job: StageInput, *, released: bool = False) -> bytes:
    owner = Owner(namespace=job.namespace, name=job.name)
    return Claim(owner=owner, uid=job.uid, released=released).model_dump_json().encode()


def _settled_seconds(job: StageInput, context: Context) -> float:
    return SETTLED_SECONDS_OF_FILES if _is_local(job, context) else SETTLED_SECONDS


def _is_local(job: StageInput, context: Context) -> bool:
    return context.store.local_path(job.spec.output.uri) is not None


def _in_use(job: StageInput, claim: Claim | None, found: _Found) -> str:
    who = "another job" if claim is None else f"TrainingJob {claim.owner.namespace}/{claim.owner.name}"
    uid = f" (uid {claim.uid})" if claim and claim.uid else ""
    then = here(cluster=" and change spec.retry", laptop="")
    return (
        f"spec.output.uri is {job.spec.output.uri}, which {who}{uid} has claimed since {found.since:%Y-%m-%d %H:%M:%S} "
        f"UTC and not finished; this is {job.namespace}/{job.name}. Name a folder of this job's own. If the other job "
        f"is gone, remove {found.uri}{then}."
    )
