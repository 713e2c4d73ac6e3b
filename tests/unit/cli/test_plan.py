"""What `gridfold plan` says of a cache in which results were changed or damaged."""

import pytest

from gridfold.api.inspection import PlanReport
from gridfold_cli.commands.plan import describe
from tests.unit.cli.jobs import training_job


@pytest.mark.parametrize(
    ("damaged", "end"),
    [
        (0, "3 to compute (15 fits)"),
        (1, "; 1 stored result changed or damaged"),
        (2, "; 2 stored results changed or damaged"),
    ],
)
def test_results_that_do_not_count_are_told(damaged: int, end: str) -> None:
    lines = dict(describe(training_job(4), PlanReport(prepared=True, cached=1, damaged=damaged)))
    assert lines["Cached"].startswith("1 of 4 cells, 3 to compute (15 fits)")
    assert lines["Cached"].endswith(end)
