"""What a process tells of its cells: of one everything, of several how each ended, and everything of the chief ones."""

import math
from collections.abc import Mapping, Sequence
from heapq import nlargest

from gridfold.api.handoff import LETTERS, REUSED_LETTER, UNFINISHED_LETTER, CellReport, GroupReport, Outcome

#: Of so many everything, if there is room: a message holds about ten.
_CHIEF_CELLS = 20


def tell(cells: Sequence[int], reports: Mapping[int, CellReport], objective: str) -> CellReport | GroupReport:
    """Return the report of a process with these cells, of which some may have none yet; the only cell has one."""
    if len(cells) == 1:
        return reports[cells[0]]
    return GroupReport(
        ends="".join(_letter(reports.get(cell)) for cell in cells),
        cells=_chief(list(reports.values()), objective),
    )


def _letter(report: CellReport | None) -> str:
    if report is None:
        return UNFINISHED_LETTER
    return REUSED_LETTER if report.reused and report.outcome is Outcome.SUCCEEDED else LETTERS[report.outcome]


def _chief(reports: Sequence[CellReport], objective: str) -> list[CellReport]:
    """Return the cell that failed first, as people are told why, then the best, for the leaderboard."""
    failed = next((report for report in reports if report.outcome is Outcome.FAILED), None)

    def wanted(report: CellReport) -> tuple[bool, float]:
        mean = report.scores.get(objective, (None, None))[0]
        return report is failed, -math.inf if mean is None else mean

    return nlargest(_CHIEF_CELLS, reports, key=wanted)
