"""What the run has cost, and what came of it: seconds of fits, and cells without a score by cause."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold_report import texts
from gridfold_report.run import Run

_CAUSES = 8


@dataclass(frozen=True)
class Costs:
    """Numbers as texts."""

    lines: Sequence[tuple[str, str]]
    causes: Sequence[tuple[int, str, str]]  #: cells, how they ended, why
    more_causes: int
    shared: bool  #: whether cells have shared work


def costs(run: Run) -> Costs:
    """Return what is known of time, and why cells have no score."""
    timed = [cell for cell in run.cells if math.isfinite(cell.fit_seconds)]
    seconds = [cell.fit_seconds * max(1, len(cell.folds)) for cell in timed]
    lines = [("Fits of the cross-validation", texts.duration(math.fsum(seconds)) if timed else "–")]
    if timed:
        means = sorted(cell.fit_seconds for cell in timed)
        slowest = max(timed, key=lambda cell: cell.fit_seconds)
        lines.append(("One fit, middle cell", texts.duration(means[len(means) // 2])))
        lines.append(("One fit, slowest", f"{texts.duration(slowest.fit_seconds)} (cell {slowest.index})"))
    lines += [(f"Cells {outcome}", f"{count:,}") for outcome, count in _outcomes(run).items()]
    causes = Counter((cell.outcome, _first_line(cell.error)) for cell in run.cells if cell.error)
    shown = [(count, outcome, why) for (outcome, why), count in causes.most_common(_CAUSES)]
    return Costs(lines, shown, len(causes) - len(shown), any(cell.shared for cell in run.cells))


def _outcomes(run: Run) -> dict[str, int]:
    return dict(Counter(cell.outcome or "unknown" for cell in run.cells))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
