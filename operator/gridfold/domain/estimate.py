"""When a run will have ended, if it goes on as it did: from how long its own cells took."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from heapq import nlargest

from gridfold.api.handoff import CellReport
from gridfold.api.status import TrainingJobStatus
from gridfold.domain.conditions import format_time
from gridfold.domain.observed import Span, Wave
from gridfold.domain.standing import Standing

#: Refit computes the winner's folds again and fits it twice on more rows.
REFIT_CELLS = 1.5
#: So many cells are measured, those that ended last.
LATEST = 100
#: Below so many seconds to go, the estimate moves in steps of so many: people plan with it, and nothing jumps.
STEPS = ((120, 10), (1200, 60), (10_800, 300), (86_400, 1800), (math.inf, 3600))


def estimate(standing: Standing, waves: Iterable[Wave], status: TrainingJobStatus, now: datetime) -> str | None:
    """Return when the run will have ended; None before a cell of it has been measured.

    `status` is that of the last look: its estimate stands until another cell has ended.
    """
    before, shown = status.cells, status.estimated_completion_time
    if shown is not None and before is not None and before.finished == standing.counts.finished:
        return shown
    ran = _computed(waves)
    if not ran:
        return None
    mean = sum(_seconds(span) for span in ran) / len(ran)
    time = _seconds(Span(min(span.start for span in ran), max(span.end for span in ran)))
    # Where cells have just ended, places are empty for a moment: what runs now may be too few.
    seen = max(standing.running_pods, before.running if before else 0)
    unfinished = len(standing.unfinished)
    # From the end of a cell to that of the next: as many at once as are seen, or as fast as they have come, but no
    # more at once than there are. Kubernetes tells whole seconds: what took less has taken none, and is counted so.
    between = max(min(mean / seen if seen else mean, time / len(ran) if time else mean), mean / max(1, unfinished))
    left = unfinished - standing.running_pods / 2
    return _in_steps(now, left * between + mean * REFIT_CELLS, shown)


def _seconds(span: Span) -> float:
    """Return how long it took; nothing where the clock was set back meanwhile."""
    return max(0.0, (span.end - span.start).total_seconds())


def _computed(waves: Iterable[Wave]) -> list[Span]:
    """Return when the latest cells were computed; one whose result was there already says nothing of the others."""
    ends = (wave.ends[cell] for wave in waves for cell in wave.succeeded & wave.ends.keys())
    ran = ((end.ran, end) for end in ends if end.ran)
    latest = nlargest(LATEST, ran, key=lambda one: one[0].end)
    reports = ((span, end.report) for span, end in latest)
    return [span for span, report in reports if isinstance(report, CellReport) and not report.reused]


def _in_steps(now: datetime, to_go: float, shown: str | None) -> str:
    step = next(step for limit, step in STEPS if to_go < limit)
    moment = math.ceil((now.timestamp() + to_go) / step) * step
    if shown is not None and abs(datetime.fromisoformat(shown).timestamp() - moment) <= step:
        return shown
    return format_time(datetime.fromtimestamp(0, UTC) + timedelta(seconds=moment))
