"""Results that a cell's pod found: counted apart from those that it computed."""

from gridfold.api.handoff import CellReport, Outcome, encode_report
from gridfold.domain.observed import ProcessEnd
from tests.unit.domain.world import World, document, job_of


def test_a_cell_whose_pod_found_the_result_counts_as_cached_also_when_its_wave_is_gone() -> None:
    world = World(job_of(document()))
    world.step()
    world.finish_prepare(3)
    world.step()
    (wave,) = world.waves
    for cell, reused in ((0, True), (1, False), (2, True)):
        report = CellReport(
            cell=cell, key=f"k{cell}", outcome=Outcome.SUCCEEDED, scores={"f1": (0.5, 0.1)}, reused=reused
        )
        world.end_cell(wave, cell, ProcessEnd(0, "Completed", encode_report(report)), good=True)
    world.step()
    assert world.status.cells is not None
    assert (world.status.cells.cached, world.status.cells.succeeded, world.status.progress) == (2, 1, "3/3")
    world.waves.clear()
    world.step()
    assert (world.status.cells.cached, world.status.cells.succeeded, world.status.progress) == (2, 1, "3/3")
