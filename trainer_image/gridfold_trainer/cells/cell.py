"""What a cell is: its key, its parameters and the pipeline that they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.handoff import StageInput
from gridfold.domain.grid import Grid
from gridfold.domain.keys import CellKeys, cell_parameters, cell_preprocessing
from gridfold_trainer.after_prepare import prepared_run
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning import boosters, estimators, sampling
from gridfold_trainer.learning.pipelines import Preprocessing, build_pipeline


@dataclass(frozen=True)
class Cell:
    """A cell with all that determines its pipeline."""

    index: int
    grid_index: int  #: number in the whole grid, of which a Random search has drawn some
    key: str
    estimator: str
    parameters: dict[str, Any]
    preprocessing: Preprocessing
    threads: int = 1

    @property
    def grid_cell(self) -> int | None:
        """Return the number in the whole grid for reports: None where it is the cell's own."""
        return None if self.grid_index == self.index else self.grid_index

    def pipeline(self, columns: Sequence[Column], classes: Sequence[Any] | None, *, names: bool) -> Any:
        """Return its unfitted pipeline: on names for people, on positions for cells; both for codes."""
        cls: Any = estimators.load_class(self.estimator)
        values = estimators.constructor_values(cls, self.parameters, classes)
        values |= boosters.fixed_values(cls, self.threads)
        return build_pipeline(estimators.build(cls, values), columns, self.preprocessing, names=names)


def make_cells(job: StageInput, numbers: Sequence[int]) -> list[Cell]:
    """Return cells by number, with their keys."""
    prepared = prepared_run(job)
    keys, grid, drawn = CellKeys(job.spec, prepared), Grid.of(job.spec.search.grid), sampling.draw(job.spec.search)
    return [
        Cell(
            number,
            drawn[number],
            keys.key(chosen),
            job.spec.estimator.class_name,
            cell_parameters(job.spec, prepared, chosen),
            cell_preprocessing(job.spec, chosen),
            job.spec.execution.threads,
        )
        for number, chosen in ((number, grid[drawn[number]]) for number in numbers)
    ]
