"""Command line of the trainer: prepare, cell or refit. Nothing heavy is imported before the child is forked."""

import argparse
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gridfold.api.exit_codes import ExitCode
from gridfold.api.threads import THREAD_VARIABLES
from gridfold_trainer.deadline import Deadline
from gridfold_trainer.supervisor import End, supervise
from gridfold_trainer.tail import Tail

#: polars is used by prepare alone, whose threads change no number.
POLARS_VARIABLE = "POLARS_MAX_THREADS"
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
#: Ends that are no failure, pass by themselves, or leave no time: of them no log is kept.
_NO_FAILURES = frozenset({ExitCode.OK, ExitCode.USAGE, ExitCode.INFEASIBLE, ExitCode.STORAGE, ExitCode.TERMINATED})
_KEEP_SECONDS = 30.0
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"


def main(arguments: list[str] | None = None) -> int:
    """Run one stage under supervision and return the exit code."""
    gc.disable()  # imports make no garbage: 0.15 s of a cell's fixed second; the stage switches it on again
    options = _parse(arguments)
    try:
        execution = _execution(options.job)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        print(f"gridfold_trainer: {options.job} is not a readable job.json: {error!r}", file=sys.stderr)  # noqa: T201
        return int(ExitCode.USAGE)
    for name in THREAD_VARIABLES:
        os.environ[name] = str(execution.get("threads", 1))
    os.environ[POLARS_VARIABLE] = str(usable_cores())
    limit = float(_limit_seconds(options.stage, execution))

    def work() -> int:
        from gridfold_trainer.stages import run_stage

        return run_stage(options.stage, options.job, options.index, deadline.restart)

    deadline, tail = Deadline(limit), Tail()
    end = supervise(work, deadline, tail)
    code = _judge(end, options.stage, limit)
    log = tail.finish()
    if options.stage != "prepare":  # which is told by its messages
        _keep_log(options, code, log)
    return code


def _judge(end: End, stage: str, limit: float) -> int:
    """Return the exit code of an end, and say why where the child could not."""
    if end.timed_out and _waits_for_storage():
        return int(ExitCode.STORAGE)  # it was not the fit that took so long
    if end.exit_code == ExitCode.TERMINATED and _wrote_too_much():
        return int(ExitCode.DATA)
    if end.timed_out or end.signal:
        _report_violence(end, stage, limit)
    return end.exit_code


def _keep_log(options: argparse.Namespace, code: int, log: bytes | None) -> None:
    """Store the end of the log of a process that failed, in a process of its own that is bounded, too."""
    if code in _NO_FAILURES or log is None:
        return

    def work() -> int:
        from gridfold.api.handoff import Stage
        from gridfold_trainer import kept_log

        kept_log.keep(Stage(options.stage), options.job, options.index, log)
        return 0

    supervise(work, Deadline(_KEEP_SECONDS))


def _waits_for_storage() -> bool:
    """Tell whether the child was ended while it waited for storage."""
    from gridfold.api.handoff import failure_of
    from gridfold_trainer.errors import HostUnknownError, StorageUnreachableError
    from gridfold_trainer.termination import found_report

    said = failure_of(found_report())
    return said is not None and said.reason in {StorageUnreachableError.reason, HostUnknownError.reason}


def usable_cores() -> int:
    """Return how many cores this process may keep busy: those that it may run on, or fewer by the container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CPU_QUOTA.read_text().split()
        return max(1, min(allowed, round(int(quota) / int(period))))
    except (OSError, ValueError):  # not Linux, an older cgroup, or "max"
        return allowed


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gridfold_trainer", description=__doc__)
    parser.add_argument("stage", choices=["prepare", "cell", "refit"])
    parser.add_argument("--job", type=Path, required=True, help="job.json of the stage")
    parser.add_argument(
        "--index",
        type=int,
        default=int(os.environ.get(INDEX_VARIABLE, "0")),
        help=f"completion index of the cell's process (default: {INDEX_VARIABLE})",
    )
    return parser.parse_args(arguments)


def _execution(job: Path) -> dict[str, Any]:
    """Return spec.execution as it stands: the whole contract costs 0.15 s to import, and the child checks it."""
    execution: dict[str, Any] = json.loads(job.read_text(encoding="utf-8"))["spec"].get("execution", {})
    return dict(execution)


def _limit_seconds(stage: str, execution: dict[str, Any]) -> int:
    """Return how long the stage, or each of its cells, may run. Only prepare and refit import the contract for it."""
    if stage == "cell":
        return int(execution.get("cellTimeoutSeconds", 3600))
    from gridfold.api.handoff import Stage
    from gridfold.api.v1alpha1 import Execution
    from gridfold.domain.stage_needs import TIMEOUT_SECONDS, timeout_seconds_of

    try:
        return timeout_seconds_of(Execution.model_validate(execution), Stage(stage))
    except ValueError:  # the stage will tell what is wrong with its input
        return TIMEOUT_SECONDS


def _wrote_too_much() -> bool:
    """Tell whether the process was most likely ended for its temporary files, and say so.

    The kubelet evicts such a pod by SIGTERM. As any that was taken away it would be made again, for ever.
    """
    from gridfold.api.handoff import SCRATCH_BYTES_VARIABLE, FailureReport

    if SCRATCH_BYTES_VARIABLE not in os.environ:
        return False
    from gridfold_trainer.errors import ScratchTooSmallError
    from gridfold_trainer.storage.local_files import check_allowance
    from gridfold_trainer.termination import write_report

    try:
        check_allowance(0, "what this process has written")
    except ScratchTooSmallError as error:
        write_report(FailureReport(reason=error.reason, message=str(error)))
        return True
    return False


def _report_violence(end: End, stage: str, limit: float) -> None:
    """Say in the child's place why it ended, unless it has said so itself."""
    from gridfold.api.handoff import FailureReport
    from gridfold_trainer.advice import more_memory
    from gridfold_trainer.termination import has_said_all, write_report

    if has_said_all():
        return
    if end.timed_out:
        setting = "cellTimeoutSeconds" if stage == "cell" else f"{stage}.timeoutSeconds"
        less = "use less data" if stage == "prepare" else "leave combinations out that need so long"
        what = "The cell" if stage == "cell" else stage.capitalize()
        text = (
            f"{what} took longer than spec.execution.{setting} ({limit:.0f} s) and was ended; "
            f"allow more time, or {less}."
        )
        write_report(FailureReport(reason=f"{stage.capitalize()}Timeout", message=text))
        return
    name = signal.Signals(end.signal).name
    cause = (
        f"most likely by the kernel because the memory ran out; {more_memory()}"
        if end.signal == signal.SIGKILL
        else f"inside native code of scikit-learn or a library below it; {_other_cell(stage)}"
    )
    write_report(FailureReport(reason="Killed", message=f"The {stage} process was ended by {name}, {cause}."))


def _other_cell(stage: str) -> str:
    """Return what to do about a crash of native code."""
    if stage == "cell":
        return "take this combination of parameters out of spec.search.grid, or report it to the library"
    return "report it with the data's shape to the library, or use less data"


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
