"""Ask the trainer about a job that is not running: a process of its own, as everything that reads data is."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from gridfold.api.base import ApiModel
from gridfold.api.handoff import (
    BASE_FOLDER_VARIABLE,
    CREDENTIALS_VARIABLE,
    JOB_FILE,
    SCRATCH_VARIABLE,
    FailureReport,
    StageInput,
)
from gridfold.api.threads import THREAD_VARIABLES
from gridfold.api.v1alpha1 import TrainingJob
from gridfold.domain.keys import run_digest
from gridfold_cli.local.identity import LOCAL_UID
from gridfold_cli.local.scratch import TEMPORARY_VARIABLE, scratch_folder

INSPECTION = (sys.executable, "-m", "gridfold_trainer.inspection")
ASKED = (sys.executable, "-m", "gridfold_trainer.asked")
_LOG_CHARACTERS = 2000

Answer = TypeVar("Answer", bound=ApiModel)


class InspectionError(Exception):
    """The trainer could not answer; the message says why."""


def inspect(
    job: TrainingJob,
    base_folder: Path,
    question: tuple[str, ...],
    answer: type[Answer],
    program: tuple[str, ...] = INSPECTION,
) -> Answer:
    """Return what the trainer, which must be installed, says about a job.

    Raises:
        InspectionError: it cannot answer.
    """
    return ask(_stage_input(job), base_folder, question, answer, program)


def ask(
    stage_input: StageInput,
    base_folder: Path,
    question: tuple[str, ...],
    answer: type[Answer],
    program: tuple[str, ...] = ASKED,
) -> Answer:
    """Return what the trainer says about a job as its pods know it.

    Raises:
        InspectionError: it cannot answer.
    """
    with scratch_folder() as scratch:
        path = scratch / JOB_FILE
        path.write_text(stage_input.model_dump_json(by_alias=True), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name != CREDENTIALS_VARIABLE}
        folders = {SCRATCH_VARIABLE: str(scratch), TEMPORARY_VARIABLE: str(scratch)}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(stage_input.spec.execution.threads))
        environment |= {**folders, BASE_FOLDER_VARIABLE: str(base_folder)}
        command = [*program, *question, "--job", str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return _read(done, answer)


def _stage_input(job: TrainingJob) -> StageInput:
    """Return the job as `gridfold run` hands it to prepare."""
    return StageInput(
        namespace=job.metadata.namespace,
        name=job.metadata.name,
        uid=LOCAL_UID,
        run_digest=run_digest(LOCAL_UID, job.spec),
        spec=job.spec,
    )


def _read(done: subprocess.CompletedProcess[str], answer: type[Answer]) -> Answer:
    try:
        return answer.model_validate_json(done.stdout)
    except ValidationError:
        pass  # it is a failure
    try:
        failure = FailureReport.model_validate_json(done.stdout)
    except ValidationError:
        raise InspectionError(
            f"the trainer ended with {done.returncode} and said: {done.stderr.strip()[-_LOG_CHARACTERS:]}"
        ) from None
    raise InspectionError(f"{failure.reason}: {failure.message}")
