"""What an edit of each field costs in each state: which stages run again, and which cells."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gridfold.api.exit_codes import ExitCode
from gridfold.api.handoff import StageInput
from gridfold.api.status import State
from gridfold.domain.grid import parse_ranges
from gridfold.domain.lifecycle import decide
from gridfold.domain.observed import Waiting
from tests.unit.domain.world import World, cell_end, document, failure, job_of

VALUES = [1, 2, 3]
BASE: dict[str, Any] = {"search": {"grid": [{"C": VALUES}]}, "execution": {"maxFailedCells": 0, "parallelism": 2}}


def edited(part: str, **fields: Any) -> dict[str, Any]:
    return {**BASE, part: {**BASE.get(part, {}), **fields}}


EDITS: dict[str, dict[str, Any]] = {
    "grid": edited("search", grid=[{"C": [2, 3, 4]}]),
    "maxCells": edited("search", maxCells=5),
    "targets": edited("scoring", targets={"f1": "0.1"}),
    "objective": edited("scoring", objective="accuracy"),
    "parallelism": edited("execution", parallelism=1),
    "resources": edited("execution", resources={"limits": {"memory": "8Gi"}}),
    "retries": edited("execution", retries=5),
    "timeoutSeconds": edited("execution", timeoutSeconds=50_000),
    "ttlSecondsAfterFinished": edited("execution", ttlSecondsAfterFinished=60),
    "threads": edited("execution", threads=2),
    "credentials": {**BASE, "storage": {"credentialsSecretName": "other"}},
    "retry": {**BASE, "retry": 1},
    "folds": {**BASE, "crossValidation": {"folds": 3}},
    "suspend-and-resume": {**BASE, "suspend": True},
}


def accepted(world: World) -> None:
    """Nothing has happened yet."""


def preparing(world: World) -> None:
    world.step()
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], running_pods=1)
    world.step()


def waiting(world: World) -> None:
    world.step()
    (name,) = world.prepares
    world.prepares[name] = replace(world.prepares[name], waiting=(Waiting("Unschedulable", "no node", 1),))
    world.step()


def searching(world: World) -> None:
    """One cell has its result, one runs, one waits for its turn."""
    world.step()
    world.finish_prepare(3)
    world.step()
    (name,) = world.waves
    world.end_cell(name, 0, cell_end(0, 0.5), good=True)
    world.waves[name] = replace(world.waves[name], running=frozenset({1}))
    world.step()


def refitting(world: World) -> None:
    searching(world)
    (name,) = world.waves
    world.waves[name] = replace(world.waves[name], running=frozenset())
    for cell in (1, 2):
        world.end_cell(name, cell, cell_end(cell, 0.5), good=True)
    world.step()
    (refit,) = world.refits
    world.refits[refit] = replace(world.refits[refit], running_pods=1)
    world.step()


def complete(world: World) -> None:
    refitting(world)
    world.finish_refit()
    world.step()


def failed_in_prepare(world: World) -> None:
    world.step()
    world.end_single(world.prepares, failure(ExitCode.KILLED, "OOMKilled"))
    world.step()


def failed_cell(world: World) -> None:
    searching(world)
    (name,) = world.waves
    world.waves[name] = replace(world.waves[name], running=frozenset())
    world.end_cell(name, 1, failure(ExitCode.KILLED, "OOMKilled"), good=False)
    world.step()


STATES: dict[str, Callable[[World], None]] = {
    "accepted": accepted, "preparing": preparing, "waiting": waiting, "searching": searching,
    "refitting": refitting, "complete": complete, "failed-prepare": failed_in_prepare, "failed-cell": failed_cell,
}  # fmt: skip

#: What runs after the edit until the job has ended: p prepare, digits the cells by their value of C, r refit; – nothing
#: (the job stays complete), ! it stays failed. In "searching", cell 1 has its result and 2 runs.
COSTS = """
                          accepted  preparing  waiting  searching  refitting  complete  failed-prepare  failed-cell
grid                      p234r     p234r      p234r    p4r        p4r        p4r       p234r           p234r
maxCells                  p123r     123r       123r     r          –          –         !               !
targets                   p123r     123r       123r     r          –          –         !               !
objective                 p123r     p123r      p123r    p23r       pr         pr        p123r           p23r
parallelism               p123r     123r       123r     r          –          –         !               !
resources                 p123r     123r       p123r    r          –          –         p123r           23r
retries                   p123r     123r       123r     r          –          –         p123r           23r
timeoutSeconds            p123r     123r       123r     r          –          –         p123r           23r
ttlSecondsAfterFinished   p123r     123r       123r     r          –          –         !               !
threads                   p123r     p123r      p123r    p123r      p123r      p123r     p123r           p123r
credentials               p123r     123r       p123r    r          –          –         p123r           23r
retry                     p123r     123r       123r     r          –          –         p123r           23r
folds                     p123r     p123r      p123r    p123r      p123r      p123r     p123r           p123r
suspend-and-resume        p123r     p123r      p123r    r          r          –         !               !
"""


def cost(state: str, edit: str) -> str:
    """Return what runs after an edit: how often prepare and refit, and in between the cells by their value of C."""
    world = World(job_of(document(**BASE)))
    STATES[state](world)
    stored = (
        {1} if state in {"searching", "failed-cell"} else {1, 2, 3} if state in {"refitting", "complete"} else set()
    )
    before = len(world.started)
    world.edit(document(**EDITS[edit]))
    world.step()
    if edit == "suspend-and-resume":
        world.edit(document(**BASE))
    settle(world, stored if edit not in {"threads", "folds"} else set())
    assert world.status.state in {State.COMPLETE, State.FAILED}, world.status
    again = decide(world.observe())
    assert (again.actions, again.status) == ((), world.status)
    started = [world.inputs[name] for name in world.started[before:]]
    cells = sorted({world.job.spec.search.grid[0]["C"][cell] for told in started for cell in cells_of(told)})
    names = [name.rpartition("-")[2] for name in world.started[before:]]
    text = "".join(
        [
            "p" * sum(name.startswith("prepare") for name in names),
            *map(str, cells),
            "r" * sum(name.startswith("refit") for name in names),
        ]
    )
    return text if world.status.state is State.COMPLETE else f"{text}!"


def settle(world: World, stored: set[int]) -> None:
    """Have everything go well to the end; a stage or wave that waits, or that the edit changed, is replaced."""
    for _ in range(12):
        outdated(world)
        world.step()
        values = world.job.spec.search.grid[0]["C"]
        cached = {cell for cell, value in enumerate(values) if value in stored}
        world.finish_prepare(len(values), cached)
        for name, wave in list(world.waves.items()):
            for cell in [cell for cell in wave.cells if cell not in wave.succeeded | wave.failed]:
                if cell in wave.running or wave.parallelism:
                    world.waves[name] = replace(world.waves[name], running=world.waves[name].running - {cell})
                    world.end_cell(name, cell, cell_end(cell, 0.5), good=True)
        world.finish_refit()


def outdated(world: World) -> None:
    """Tell of every child whether it would be started otherwise now."""
    for children in (world.prepares, world.waves, world.refits):
        for name, child in children.items():
            told = world.inputs[name].spec
            same = (told.storage, told.execution.resources, told.execution.threads)
            now = (world.job.spec.storage, world.job.spec.execution.resources, world.job.spec.execution.threads)
            children[name] = replace(child, outdated=same != now)


def cells_of(told: StageInput) -> tuple[int, ...]:
    return parse_ranges(told.cells)


def rows() -> dict[str, dict[str, str]]:
    """Return COSTS by edit and state."""
    head, *lines = [line.split() for line in COSTS.strip().splitlines()]
    return {edit: dict(zip(head, costs, strict=True)) for edit, *costs in lines}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_costs_what_it_must_in_every_state_and_nothing_is_written_afterwards(edit: str) -> None:
    assert {state: cost(state, edit) or "–" for state in STATES} == rows()[edit]
