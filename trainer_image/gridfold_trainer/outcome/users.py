"""Which jobs use a cache, and since when: what must be known before anything of it may be removed.

Jobs may share a cache, and nothing in a cell's result says whose it is. So every run writes `users/<digest>.json` into
its cache before it looks for anything there. An entry that is younger than the job's latest.json is of a run that goes
on, or that was broken off; what it needs is known to nobody else.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gridfold.api.handoff import StageInput
from gridfold.domain.keys import digest
from gridfold_trainer.errors import DataError, ObjectMissingError, TrainerError
from gridfold_trainer.outcome.ownership import Owner, finished_at, is_owned
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.sealed import seal, unseal

log = logging.getLogger("gridfold")

FOLDER = "users/"
_BYTES = 64 * 1024
_Place = Annotated[str, Field(max_length=8192)]


class User(BaseModel):
    """A job that uses the cache, by where its results go."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    owner: Owner
    output: _Place = ""  #: its output folder; "": the one that the cache is below, wherever both are moved to
    below: _Place = ""  #: what the cache's URI has behind that of such an output folder
    ended: bool = False  #: its run was refused before it had begun


@dataclass(frozen=True)
class Entry:
    """An entry as it is found; without a user it is damaged or of another version."""

    uri: str
    since: datetime | None  #: when its last run began, by the server's clock
    user: User | None
    output_uri: str = ""

    @property
    def who(self) -> str:
        """Return the job, in words."""
        return f"{self.user.owner.namespace}/{self.user.owner.name}" if self.user else "another job"

    def goes_on(self, finished: datetime | None) -> bool:
        """Tell whether its last run has not finished, where `finished` is when its current run became that.

        Of two times in one second nobody knows the order.
        """
        if self.user is None or self.user.ended:
            return False
        return self.since is None or finished is None or self.since >= finished


@contextmanager
def entered(job: StageInput, context: Context) -> Iterator[None]:
    """Write down that a run of this job uses its cache from now on, unless the block fails for good."""
    others = _goes_on(job, context)
    _write(job, context, ended=False)
    try:
        yield
    except TrainerError as error:
        if not others and (not error.retryable or context.store.local_path(job.spec.output.uri) is not None):
            _leave(job, context)
        raise


def entries(cache_uri: str, context: Context, name: str = "") -> list[Entry]:
    """Return who uses a cache; with the end of an entry's URI only that one."""
    found = []
    for uri, stat in context.store.list_objects(f"{cache_uri}{FOLDER}{name}"):
        try:
            user = unseal(User, context.store.get(uri, _BYTES))
        except ObjectMissingError:  # its run was refused meanwhile
            continue
        known = user is not None and (user.output or cache_uri.endswith(user.below))
        output_uri = (user.output or cache_uri.removesuffix(user.below)) if user and known else ""
        found.append(Entry(uri, stat.modified, user if known else None, output_uri))
    return found


def entry_uri(job: StageInput, context: Context) -> str:
    """Return where the entry of a job is: a folder has one owner, and a cache one entry of it."""
    return f"{job.spec.cache_uri}{FOLDER}{digest(_place(job, context))}.json"


def _place(job: StageInput, context: Context) -> dict[str, str]:
    output, cache = job.spec.output.uri, job.spec.cache_uri
    if cache.startswith(output):
        return {"below": cache.removeprefix(output)}
    path = context.store.local_path(output)
    return {"output": output if path is None else f"file:{path.resolve()}/"}


def _goes_on(job: StageInput, context: Context) -> bool:
    """Tell whether a run of this job goes on already, as far as can be seen."""
    try:
        found = entries(job.spec.cache_uri, context, entry_uri(job, context).rpartition("/")[2])
        return any(entry.goes_on(finished_at(job.spec.output.uri, context)) for entry in found)
    except DataError:  # it is told when the entry is written
        return False


def _write(job: StageInput, context: Context, *, ended: bool) -> None:
    uri, owner = entry_uri(job, context), Owner(namespace=job.namespace, name=job.name)
    user = User.model_validate({"owner": owner, "ended": ended, **_place(job, context)})
    try:
        context.store.put(uri, seal(user))
    except DataError as error:  # what is wrong with the cache is told together with all else
        log.warning("%s could not be written: %s", uri, error)


def _leave(job: StageInput, context: Context) -> None:
    """Take back what was written, except that a job with results uses the cache."""
    try:
        if is_owned(job, context):
            _write(job, context, ended=True)
        else:
            context.store.delete(entry_uri(job, context))
    except TrainerError as error:
        log.warning("%s could not be taken back: %s", entry_uri(job, context), error)
