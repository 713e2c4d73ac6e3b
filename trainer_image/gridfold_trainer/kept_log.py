"""The end of a failed process' log, kept in the run's folder: it outlives the pod. Best effort, and without secrets."""

import os
from collections.abc import Mapping
from pathlib import Path

from gridfold.api import confidential
from gridfold.api.handoff import (
    CREDENTIALS_VARIABLE,
    LETTERS,
    MOST_LOG_CHARACTERS,
    SOURCE_CREDENTIALS_VARIABLE,
    STORAGE_PATIENCE_VARIABLE,
    TERMINATION_MESSAGE_BYTES,
    UNFINISHED_LETTER,
    CellReport,
    FailureReport,
    GroupReport,
    Outcome,
    Stage,
    StageInput,
    failure_of,
)
from gridfold.domain.grid import Grid
from gridfold.domain.groups import parse_groups
from gridfold.domain.keys import CellKeys, run_folder
from gridfold.domain.visible import excerpt
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.learning import sampling
from gridfold_trainer.stages import open_context
from gridfold_trainer.termination import found_report, leave_note

#: Of one cell; its further attempts leave none.
MOST_LOGS = 10
_SHORTEST_SECRET = 8


def keep(stage: Stage, job_file: Path, index: int, log: bytes) -> None:
    """Store a log and add where it is to what the process has said; say where that is not possible."""
    try:
        _keep(stage, job_file, index, log)
    except Exception as error:  # whatever it is, how the stage ended must not change
        print(excerpt(f"the log could not be kept: {type(error).__name__}: {error}"), flush=True)  # noqa: T201 (this is the log)


def _keep(stage: Stage, job_file: Path, index: int, log: bytes) -> None:
    os.environ[STORAGE_PATIENCE_VARIABLE] = "0"
    job = StageInput.model_validate_json(job_file.read_bytes())
    with open_context(job) as context:
        start = f"{_folder(job)}logs/{_name(stage, job, index)}-"
        number = 1 + sum(1 for _ in context.store.list_uris(start))
        if number > MOST_LOGS:
            return
        uri = f"{start}{number}.txt"
        context.store.put(uri, without_secrets(log + _last_words(), os.environ))
    _mention(uri)


def _last_words() -> bytes:
    """Return what the operator is told, too: a process that was killed has not written it."""
    said = found_report()
    cells = said.cells if isinstance(said, GroupReport) else [said] if isinstance(said, CellReport) else []
    words = [f"{cell.outcome}: {cell.message}" for cell in cells if cell.outcome is Outcome.FAILED]
    if failure := failure_of(said):
        words.append(f"{failure.reason}: {failure.message}")
    return "".join(f"\n{text}\n" for text in words).encode()


def without_secrets(log: bytes, environment: Mapping[str, str]) -> bytes:
    """Return a log without what the environment and mounted Secrets hold, and without what is confidential in URLs."""
    secrets = {value.encode() for name, value in environment.items() if confidential.names_secret(name)}
    for variable in (CREDENTIALS_VARIABLE, SOURCE_CREDENTIALS_VARIABLE):
        if folder := environment.get(variable):
            secrets |= {file.read_bytes().strip() for file in Path(folder).rglob("AWS_*") if file.is_file()}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            log = log.replace(secret, b"***")
    return confidential.without_secrets(log.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def _folder(job: StageInput) -> str:
    grid, keys = Grid.of(job.spec.search.grid), CellKeys(job.spec, prepared_run(job))
    every = (keys.key(grid[number]) for number in sampling.draw(job.spec.search))
    return run_folder(job.spec.output.uri, job.uid, job.generation, every)


def _name(stage: Stage, job: StageInput, index: int) -> str:
    """Return the key of the process' cell, the first that did not end well, or the name of its stage."""
    if stage is not Stage.CELL:
        return str(stage)
    group, said = parse_groups(job.cells)[index], found_report()
    ends = said.ends if isinstance(said, GroupReport) else ""
    bad = {UNFINISHED_LETTER, LETTERS[Outcome.FAILED]}
    cell = next((cell for cell, letter in zip(group, ends, strict=False) if letter in bad), group[0])
    drawn = sampling.draw(job.spec.search)
    return CellKeys(job.spec, prepared_run(job)).key(Grid.of(job.spec.search.grid)[drawn[cell]])


def _mention(uri: str) -> None:
    """Add where the log is to the termination message; of one that is too long, the end of the text gives way."""
    report = found_report()
    if isinstance(report, GroupReport) and len(uri) <= MOST_LOG_CHARACTERS:
        leave_note(report.model_copy(update={"log": uri}))
    if not isinstance(report, FailureReport | CellReport):
        return
    suffix = f" Its log: {uri}"
    longer = report.model_copy(update={"message": f"{report.message}{suffix}"})
    excess = len(longer.model_dump_json(by_alias=True).encode()) - TERMINATION_MESSAGE_BYTES
    if excess > 0:
        content = report.message.encode()
        text = content[: max(0, len(content) - excess - 4)].decode(errors="ignore")
        longer = report.model_copy(update={"message": f"{text}…{suffix}"})
    leave_note(longer)
