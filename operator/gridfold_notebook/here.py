"""The job of a search on this machine."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gridfold_notebook.columns import Column
from gridfold_notebook.errors import SearchFailedError
from gridfold_notebook.run import Run, open_run
from gridfold_notebook.target import Target
from gridfold_notebook.training_data import write_table

DATA, JOB, OUTPUT = "data.csv", "job.json", "out"
#: At most so much of what `gridfold run` has said is shown where it failed.
SHOWN_CHARACTERS = 4000


def run_here(folder: Path, job: Mapping[str, Any], columns: Sequence[Column], target: Target, *, told: bool) -> Run:
    """Run a job in a folder to its end and return the run; `told` shows what `gridfold run` says.

    Raises:
        SearchFailedError: it has failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / DATA, columns, target.texts)
    (folder / JOB).write_text(json.dumps(job), encoding="utf-8")
    _run_job(folder / JOB, told=told)
    return open_run(folder / OUTPUT)


def _run_job(path: Path, *, told: bool) -> None:
    """Run `gridfold run` in a process of its own: a notebook's has a loop that runs already, and other threads."""
    command = [sys.executable, "-m", "gridfold_cli", "run", path.name]
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    said = ""
    with subprocess.Popen(command, cwd=path.parent, text=True, **pipes) as process:  # noqa: S603
        try:
            for line in process.stderr or ():
                said = (said + line)[-SHOWN_CHARACTERS:]
                if told:
                    sys.stderr.write(line)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise
    if process.returncode:
        raise SearchFailedError(f"the job has failed; gridfold run said:\n{said}")
