"""What the end of a process means."""

from dataclasses import dataclass

from gridfold.api.exit_codes import FINAL_CELL_EXITS, ExitCode
from gridfold.api.handoff import CellReport, FailureReport, Outcome, decode_report
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.observed import ProcessEnd

OUT_OF_MEMORY = "OutOfMemory"


@dataclass(frozen=True)
class Cause:
    """Why a process did not succeed."""

    reason: str
    message: str
    retryable: bool
    infeasible: bool = False


def cause_of(end: ProcessEnd | None, spec: TrainingJobSpec) -> Cause:
    """Return why a process failed; None is a pod of which nothing is left."""
    if end is None:
        return Cause("PodGone", "the pod is gone and left no message", retryable=True)
    report = decode_report(end.message)
    if isinstance(report, CellReport) and report.outcome is not Outcome.SUCCEEDED:
        infeasible = report.outcome is Outcome.INFEASIBLE
        return Cause("Infeasible" if infeasible else "FitFailed", report.message, False, infeasible)
    if isinstance(report, FailureReport) and end.reason == OUT_OF_MEMORY:  # on a laptop, where limits are not kept
        return Cause(OUT_OF_MEMORY, report.message, retryable=False)
    if end.reason == "OOMKilled" or end.exit_code == ExitCode.MEMORY:
        limit = spec.execution.resources.limits.get("memory")
        return Cause(
            OUT_OF_MEMORY,
            f"the pod ran out of memory (limit: {limit or 'none of its own, so the node’s'}); "
            "raise spec.execution.resources.limits.memory and requests.memory",
            retryable=False,
        )
    final = end.exit_code in FINAL_CELL_EXITS or end.exit_code in {ExitCode.DATA, ExitCode.USAGE}
    if isinstance(report, FailureReport):
        return Cause(report.reason, report.message, retryable=not final)
    words = f": {end.message.strip()[-1000:]}" if end.message.strip() else ""
    return Cause(end.reason or "Error", f"the process ended with exit code {end.exit_code}{words}", not final)
