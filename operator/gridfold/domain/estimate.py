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
    work = sum((span.end - span.start).total_seconds() for span in ran)
    time = (max(span.end for span in ran) - min(span.start for span in ran)).total_seconds()
    # Where cells have just ended, places are empty for a moment: what runs now may be too few.
    seen = max(standing.running_pods, before.running if before else 0)
    at_once = min(max(seen, work / time if time else 1.0), max(1, len(standing.unfinished)))
    left = len(standing.unfinished) - standing.running_pods / 2
    return _in_steps(now, work / len(ran) * (left / at_once + REFIT_CELLS), shown)


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
