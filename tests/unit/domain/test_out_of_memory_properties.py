"""What holds of memory whatever happens in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gridfold.api.v1alpha1.quantities import amount
from gridfold.domain.ends import OOM_KILLED
from tests.unit.domain.test_lifecycle_properties import CELLS, GRID, run_to_the_end
from tests.unit.domain.world import World, document, job_of

EXECUTION = {
    "maxFailedCells": CELLS,
    "resources": {"limits": {"memory": "1Gi"}},
    "outOfMemory": {"factor": 2, "maxMemory": "3Gi"},
}


@given(st.data(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_no_cell_is_tried_again_with_as_little_memory_as_it_ran_out_of_and_none_gives_up_below_the_ceiling(
    data: st.DataObject, lose_writes: bool
) -> None:
    world = World(job_of(document(GRID, execution=EXECUTION)))
    run_to_the_end(world, data, lose_writes=lose_writes)
    short: dict[int, str] = {}
    last: dict[int, str] = {}
    for wave in sorted(world.waves.values(), key=lambda wave: wave.number):
        assert amount(wave.memory) <= amount("3Gi")
        for cell in wave.cells:
            assert amount(wave.memory) > amount(short.get(cell, "0")), f"cell {cell} in wave {wave.number}"
            last[cell] = wave.memory
            if cell in wave.ends and wave.ends[cell].reason == OOM_KILLED and cell in wave.failed:
                short[cell] = wave.memory
    refit = next(iter(world.refits), None)
    if refit is None:
        return
    told = world.inputs[refit]
    failed = {found.cell: found for found in told.failed}
    assert all(last[cell] == "3Gi" for cell, found in failed.items() if found.reason == "OutOfMemory")
    assert {cell for cell in short if last[cell] == short[cell]} == {
        cell for cell, found in failed.items() if found.reason == "OutOfMemory"
    }
