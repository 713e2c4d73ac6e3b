"""What the end of a process means."""

from dataclasses import dataclass

from gridfold.api.exit_codes import FINAL_CELL_EXITS, FINAL_INDEX_EXITS, ExitCode
from gridfold.api.handoff import CellReport, FailureReport, Outcome, Stage
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.observed import ProcessEnd
from gridfold.domain.stage_needs import memory_of, path_of_resources, scratch_of

OUT_OF_MEMORY = "OutOfMemory"
OOM_KILLED = "OOMKilled"  #: the kubelet's word
#: The kubelet's words (1.31 to 1.36) for a pod that writes more than its ephemeral-storage.
_TOO_MANY_FILES = (
    "Usage of EmptyDir volume",
    "Pod ephemeral local storage usage exceeds",
    "exceeded its local ephemeral storage limit",
)


@dataclass(frozen=True)
class Cause:
    """Why a process did not succeed."""

    reason: str
    message: str
    retryable: bool
    infeasible: bool = False

    @property
    def out_of_memory(self) -> bool:
        """Tell whether more memory can help."""
        return self.reason == OUT_OF_MEMORY


@dataclass(frozen=True)
class Memory:
    """Of what stage a process was, and how much memory its tries have had."""

    stage: Stage = Stage.CELL
    tried: tuple[str, ...] = ()


CELL = Memory()


def is_final(end: ProcessEnd) -> bool:
    """Tell whether an end of a cell says why it failed, so that the same once more would be in vain."""
    if end.exit_code == ExitCode.KILLED:
        return end.reason == OOM_KILLED
    return end.exit_code in FINAL_INDEX_EXITS


def cause_of(end: ProcessEnd | None, spec: TrainingJobSpec, memory: Memory = CELL) -> Cause:
    """Return why a process failed; None is a pod of which nothing is left."""
    if end is None:
        return Cause("PodGone", "the pod is gone and left no message", retryable=True)
    report = end.report
    if isinstance(report, CellReport) and report.outcome is not Outcome.SUCCEEDED:
        infeasible = report.outcome is Outcome.INFEASIBLE
        return Cause("Infeasible" if infeasible else "FitFailed", report.message, False, infeasible)
    if isinstance(report, FailureReport) and end.reason == OUT_OF_MEMORY:  # on a laptop, where limits are not kept
        return Cause(OUT_OF_MEMORY, report.message, retryable=False)
    if end.reason == OOM_KILLED or end.exit_code == ExitCode.MEMORY:
        return Cause(OUT_OF_MEMORY, _out_of_memory(spec, memory), retryable=False)
    final = end.exit_code in FINAL_CELL_EXITS or end.exit_code in {ExitCode.DATA, ExitCode.USAGE}
    if isinstance(report, FailureReport):
        return Cause(report.reason, report.message, retryable=not final)
    if any(words in end.message for words in _TOO_MANY_FILES):
        return Cause("ScratchTooSmall", _too_many_files(end, spec, memory.stage), retryable=False)
    words = f": {end.message.strip()[-1000:]}" if end.message.strip() else ""
    return Cause(end.reason or "Error", f"the process ended with exit code {end.exit_code}{words}", not final)


def _too_many_files(end: ProcessEnd, spec: TrainingJobSpec, stage: Stage) -> str:
    """Return why the kubelet has evicted a pod for its own temporary files, and what to do."""
    scratch = scratch_of(spec.execution, stage)
    setting = f"raise {scratch.setting}, {scratch.size}" if scratch else "ask for more ephemeral-storage"
    return f"the pod was evicted: {end.message.strip()} {setting}, or use less data"


def _out_of_memory(spec: TrainingJobSpec, memory: Memory) -> str:
    """Return with how much memory a pod was tried, and what to do."""
    tried = memory.tried or (memory_of(spec.execution, memory.stage),)
    where, policy = path_of_resources(spec.execution, memory.stage), spec.execution.out_of_memory
    had = f"with {', then '.join(tried)}" if tried[0] else "(it has no limit, so it was the node's)"
    if policy is not None and tried[0]:
        return (
            f"the pod ran out of memory {had}; spec.execution.outOfMemory.maxMemory, {policy.max_memory}, allows no "
            "more: raise it, or use less data"
        )
    return (
        f"the pod ran out of memory {had}; raise {where}.limits.memory and requests.memory, or let "
        "spec.execution.outOfMemory try again with more what runs out of it"
    )
