"""How long a run may take: spec.execution.timeoutSeconds, for which time that its owner suspends is not counted.

Everything that must be known stands in the status (`status.attempt`), so that it does not matter who looks, or how
often: the clock of an attempt is a start, the seconds that it stood still, and since when it does so now.
"""

from datetime import datetime, timedelta

from gridfold.api.status import AttemptStatus, TrainingJobStatus
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.conditions import format_time
from gridfold.domain.durations import format_duration


def next_attempt(before: AttemptStatus | None, digest: str, next_wave: int, *, afresh: bool) -> AttemptStatus:
    """Return the attempt that an edit opens. The clock goes on, unless a run that has ended is tried afresh."""
    if before is None:
        return AttemptStatus(digest=digest)
    kept = AttemptStatus(digest=digest, memory=before.memory) if afresh else before
    return kept.model_copy(update={"digest": digest, "first_wave": next_wave})


def keep_time(attempt: AttemptStatus, now: datetime, *, paused: bool) -> AttemptStatus:
    """Return the attempt with its clock started, and standing still exactly where the run does."""
    if attempt.start_time is None:
        attempt = attempt.model_copy(update={"start_time": format_time(now)})
    if paused and attempt.paused_since is None:
        return attempt.model_copy(update={"paused_since": format_time(now)})
    if not paused and attempt.paused_since is not None:
        seconds = attempt.paused_seconds + _seconds_since(attempt.paused_since, now)
        return attempt.model_copy(update={"paused_since": None, "paused_seconds": seconds})
    return attempt


def deadline(attempt: AttemptStatus | None, spec: TrainingJobSpec) -> datetime | None:
    """Return when the run will have taken too long, None while its clock stands still."""
    if attempt is None or attempt.start_time is None or attempt.paused_since is not None:
        return None
    seconds = attempt.paused_seconds + spec.execution.timeout_seconds
    return datetime.fromisoformat(attempt.start_time) + timedelta(seconds=seconds)


def seconds_left(status: TrainingJobStatus, spec: TrainingJobSpec | None, now: datetime) -> float | None:
    """Return how long a run may still take, None where that is not counted: it has ended, or is suspended."""
    if spec is None or status.completion_time is not None:
        return None
    end = deadline(status.attempt, spec)
    return (end - now).total_seconds() if end else None


def runs_out(status: TrainingJobStatus, spec: TrainingJobSpec | None) -> str:
    """Return what is added about a run whose cells are estimated to take longer than it may, "" for any other."""
    end, expected = deadline(status.attempt, spec) if spec else None, status.estimated_completion_time
    if end is None or expected is None or datetime.fromisoformat(expected) <= end:
        return ""
    return (
        f"; as it goes, the run would take until {expected}, but spec.execution.timeoutSeconds ends it at "
        f"{format_time(end)}: raise it"
    )


def exceeded(spec: TrainingJobSpec, progress: str | None, waited_for: str) -> str:
    """Return what is said of a run that has taken too long, and what it waited for in the end, if it did."""
    allowed = spec.execution.timeout_seconds
    far = f"with {progress} cells finished" if progress else "before the data was prepared"
    waited = f" In the end, {waited_for.rstrip('. ')}." if waited_for else ""
    return (
        f"the run took longer than the {allowed} seconds ({format_duration(allowed)}) that "
        f"spec.execution.timeoutSeconds allows, time suspended not counted, {far}.{waited} Results are kept: raise "
        "timeoutSeconds, and the run is tried again for that long, with its finished cells kept."
    )


def _seconds_since(time: str, now: datetime) -> int:
    return max(0, round((now - datetime.fromisoformat(time)).total_seconds()))
