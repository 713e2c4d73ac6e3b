"""How a command ends that has seen a job to its end."""

from gridfold.api.conditions import ConditionType
from gridfold.api.status import State, TrainingJobStatus
from gridfold.domain.conditions import is_true
from gridfold_cli.exits import Exit
from gridfold_cli.terminal.output import condition


def ended(status: TrainingJobStatus, generation: int = 0) -> bool:
    """Tell whether a job of that generation has come to its end, good or bad."""
    seen = status.observed_generation or 0
    return seen >= generation and any(
        is_true(status.conditions, kind) for kind in (ConditionType.COMPLETE, ConditionType.FAILED)
    )


def exit_code(status: TrainingJobStatus, *, require_targets: bool = False) -> Exit:
    """Return the exit code of a job that has ended so."""
    if status.state is not State.COMPLETE:
        accepted = condition(status, ConditionType.ACCEPTED)
        return Exit.INVALID if accepted and accepted.status == "False" else Exit.FAILED
    targets = condition(status, ConditionType.TARGETS_MET)
    if require_targets and (targets is None or targets.status != "True"):
        return Exit.TARGETS_MISSED
    return Exit.OK
