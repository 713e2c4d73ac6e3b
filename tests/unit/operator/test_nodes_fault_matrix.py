"""Whatever happens to operators, provider and owner, nothing that was granted is left: five hundred seeded runs."""

import pytest

from tests.faults.nodes import Run

RUNS, PARTS = 500, 10


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_was_granted_is_left(part: int) -> None:
    for seed in range(part, RUNS, PARTS):
        Run(seed).play()
