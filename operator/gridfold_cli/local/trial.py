"""Prepare a job's data once, in a folder that is thrown away: what is found of it, without a run."""

import os
import subprocess
from pathlib import Path

from gridfold.api.handoff import (
    BASE_FOLDER_VARIABLE,
    JOB_FILE,
    SCRATCH_VARIABLE,
    TERMINATION_LOG_VARIABLE,
    FailureReport,
    PrepareReport,
    Stage,
    StageInput,
    decode_report,
)
from gridfold.api.v1alpha1 import Output, TrainingJob
from gridfold.domain.keys import run_digest
from gridfold_cli.local.identity import LOCAL_UID
from gridfold_cli.local.processes import TRAINER
from gridfold_cli.local.scratch import TEMPORARY_VARIABLE, scratch_folder

LOG_CHARACTERS = 2000


def try_prepare(job: TrainingJob, base_folder: Path) -> PrepareReport | FailureReport:
    """Return what prepare says of a job; nothing of it stays."""
    with scratch_folder() as scratch:
        spec = job.spec.model_copy(update={"output": Output(uri=f"file:{scratch}/out/")})
        given = StageInput(
            namespace=job.metadata.namespace,
            name=job.metadata.name,
            uid=LOCAL_UID,
            run_digest=run_digest(LOCAL_UID, spec),
            spec=spec,
        )
        path, message = scratch / JOB_FILE, scratch / "message"
        path.write_text(given.model_dump_json(by_alias=True), encoding="utf-8")
        environment = {
            **os.environ,
            SCRATCH_VARIABLE: str(scratch),
            TEMPORARY_VARIABLE: str(scratch),
            BASE_FOLDER_VARIABLE: str(base_folder),
            TERMINATION_LOG_VARIABLE: str(message),
        }
        command = [*TRAINER, Stage.PREPARE.value, "--job", str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        report = decode_report(message.read_text(encoding="utf-8")) if message.exists() else None
    if isinstance(report, PrepareReport | FailureReport):
        return report
    said = (done.stdout + done.stderr).strip()[-LOG_CHARACTERS:]
    return FailureReport(reason="PrepareFailed", message=f"prepare ended with {done.returncode} and said: {said}")
