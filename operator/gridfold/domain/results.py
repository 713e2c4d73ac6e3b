"""What the status shows of a finished run: refit's report in the status' own form."""

from typing import Any

from gridfold.api.handoff import RefitReport
from gridfold.api.status import ResultsStatus, TestStatus
from gridfold.domain.grid import Grid
from gridfold.domain.leaderboard import final_leaderboard, format_score, ranked_cell


def results_of(report: RefitReport, objective: str, grid: Grid) -> dict[str, Any]:
    """Return the fields of the status that refit's report fills."""
    board = final_leaderboard(report.leaderboard, objective, grid)
    chosen = [ranked_cell(report.chosen, objective, grid)] if report.chosen else []
    best = next((line for line in (*chosen, *board) if line.cell == report.best), None)
    if best is not None:
        best = best.model_copy(update={"indistinguishable_from": report.indistinguishable})
    return {
        "leaderboard": board,
        "best": best,
        "selection": report.selection,
        "learning_curve": report.learning_curve,
        "validation": _texts(report.validation) or None,
        "test": _test_status(report),
        "results": ResultsStatus(uri=report.results_uri, sha256=report.results_sha256),
    }


def _test_status(report: RefitReport) -> TestStatus | None:
    if not report.test:
        return None
    intervals = {name: [format_score(low), format_score(high)] for name, (low, high) in report.intervals.items()}
    return TestStatus(scores=_texts(report.test), intervals=intervals, openings=report.openings)


def _texts(scores: dict[str, float | None]) -> dict[str, str]:
    return {name: format_score(value) for name, value in scores.items()}
