"""Ask the trainer about a job that is not running: a process of its own, as everything that reads data is."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
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
    *,
    finishes: bool = False,
) -> Answer:
    """Return what the trainer, which must be installed, says about a job.

    One that finishes is waited for after Ctrl-C, too, which it is told: it ends by itself and says how far it is.

    Raises:
        InspectionError: it cannot answer.
    """
    return ask(_stage_input(job), base_folder, question, answer, program, finishes=finishes)


def ask(
    stage_input: StageInput,
    base_folder: Path,
    question: tuple[str, ...],
    answer: type[Answer],
    program: tuple[str, ...] = ASKED,
    *,
    finishes: bool = False,
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
        if finishes:
            done = _finished(command, environment)
        else:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    return _read(done, answer)


def _finished(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, which Ctrl-C asks it for.

    Raises:
        KeyboardInterrupt: it came before the command could answer to it.
    """
    process: subprocess.Popen[str] | None = None
    interrupted = False

    def forward(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        if process is not None:
            process.send_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, forward)
    try:
        with subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            if interrupted:  # while it was started
                process.send_signal(signal.SIGINT)
            out, err = process.communicate()
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted and not out:
        raise KeyboardInterrupt
    return subprocess.CompletedProcess(command, process.returncode, out, err)


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
