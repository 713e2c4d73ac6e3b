"""Whatever happens at whatever step, a run ends with every result that could be had: a thousand seeded runs."""

import pytest

from tests.faults.faults import FAULTS, Fault
from tests.faults.matrix import Run
from tests.faults.world import STEPS

#: Seeds of each combination of fault and step.
TIMES = 3


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_run_survives_at_every_step(fault: Fault) -> None:
    begun: set[str] = set()
    for number in range(len(STEPS) * TIMES):
        run = Run.of(number * len(FAULTS) + FAULTS.index(fault))
        run.play()
        begun |= {step for name, step in run.begun if name == fault.name}
    assert begun == set(STEPS), "a step was never met"


def test_there_are_a_thousand_runs_at_least() -> None:
    assert len(FAULTS) * len(STEPS) * TIMES >= 1000
