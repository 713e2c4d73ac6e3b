"""Storage that is out of reach: which stages wait for it, and when a name that nobody knows is a typing error.

A process that has waited long enough ends with its own exit code. Its Job tries it again without counting, with
growing pauses; so long, the stage is shown as waiting, also while the next process tries in vain.
"""

from collections.abc import Iterable

from gridfold.api.conditions import Reason
from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import FailureReport
from gridfold.domain.observed import Children, ProcessEnd, SingleStage, Wave
from gridfold.domain.standing import Standing
from gridfold.domain.words import counted

#: A process that runs for longer has got through: it gives up before (gridfold_trainer.storage.waiting).
PROOF_SECONDS = 90.0
#: A name that nobody knows for so long is wrong.
UNKNOWN_NAME_SECONDS = 600.0
#: While storage is away, whether a process has got through is looked at so often.
LOOK_AGAIN_SECONDS = 30.0
_AGAIN = "it is tried again until storage answers"


def ended_for_storage(end: ProcessEnd | None) -> bool:
    """Tell whether a process ended because storage was out of reach."""
    return end is not None and end.exit_code == ExitCode.STORAGE


def still_away(end: ProcessEnd | None, running_seconds: float | None) -> bool:
    """Tell whether storage is still away, after a process ended so and for how long the next has been running."""
    return ended_for_storage(end) and (running_seconds is None or running_seconds < PROOF_SECONDS)


def words_of_stage(stage: SingleStage) -> str:
    """Return what is shown of a stage that waits for storage; "" of one that does not."""
    return "" if stage.away_seconds is None else _words(stage.end)


def words_of_cells(waves: Iterable[Wave], standing: Standing) -> str:
    """Return what is shown of cells that wait for storage, where no other runs."""
    ends = {cell: wave.ends.get(cell) for wave in waves for cell in wave.away}
    if not ends or standing.running - ends.keys():
        return ""
    return f"{counted(len(ends), 'cell')} {'waits' if len(ends) == 1 else 'wait'}: {_words(ends[min(ends)])}"


def is_typing_error(stage: SingleStage) -> bool:
    """Tell whether a name has been unknown for so long that waiting will not help; nothing has been computed yet."""
    report = stage.end.report if stage.end else None
    unknown = isinstance(report, FailureReport) and report.reason == Reason.HOST_UNKNOWN
    return unknown and (stage.away_seconds or 0.0) >= UNKNOWN_NAME_SECONDS


def look_again(children: Children, seconds: float | None) -> float | None:
    """Return when to look again, where that was due after so many seconds without any outage."""
    stages = (*children.prepares, *children.refits)
    if any(stage.away_seconds is not None for stage in stages) or any(wave.away for wave in children.waves):
        return LOOK_AGAIN_SECONDS if seconds is None else min(seconds, LOOK_AGAIN_SECONDS)
    return seconds


def _words(end: ProcessEnd | None) -> str:
    report = end.report if end else None
    what = report.message if isinstance(report, FailureReport) else "storage is out of reach"
    return f"{what.rstrip('.')}; {_AGAIN}"
