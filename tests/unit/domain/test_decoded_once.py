"""What a turn costs: what pods say is decoded once, and the leaderboard makes lines of the best alone."""

import pytest

from gridfold.api.handoff import CellReport, Report, decode_report
from gridfold.domain import leaderboard
from gridfold.domain.leaderboard import LEADERBOARD_SIZE, ranked_cell
from tests.unit.domain.world import World, cell_end, document, failure, job_of


def searching(cells: int) -> tuple[World, str]:
    world = World(job_of(document([{"C": [*range(1, cells + 1)]}])))
    world.step()
    world.finish_prepare(cells)
    world.step()
    (wave,) = world.waves
    return world, wave


def test_what_a_pod_says_is_decoded_once_however_often_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []

    def counting(message: str) -> Report | None:
        decoded.append(message)
        return decode_report(message)

    monkeypatch.setattr("gridfold.domain.observed.decode_report", counting)
    world, wave = searching(3)
    world.end_cell(wave, 0, cell_end(0, 0.5), good=True)
    world.end_cell(wave, 1, failure(12, message="the fit failed"), good=False)
    decoded.clear()
    for _ in range(5):
        world.step(save=False)
    assert sorted(decoded) == sorted({cell_end(0, 0.5).message, "the fit failed"})


def test_of_many_cells_that_end_at_once_only_the_best_become_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counting(line: CellReport, *rest: object) -> object:
        made.append(line.cell)
        return ranked_cell(line, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(leaderboard, "ranked_cell", counting)
    world, wave = searching(50)
    for cell in range(50):
        world.end_cell(wave, cell, cell_end(cell, cell / 100), good=True)
    world.step()
    assert made == [*range(49, 49 - LEADERBOARD_SIZE, -1)]
