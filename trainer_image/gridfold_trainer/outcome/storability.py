"""Tell before any cell runs whether the winner's model could be stored: a few rows are fitted, stored and read back.

scikit-learn's own estimators need no trial, since tests have tried them all; those of a platform can hold anything.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gridfold.api.handoff import StageInput
from gridfold.domain.grid import Grid
from gridfold_trainer.after_prepare import load_parts
from gridfold_trainer.cells.cell import Cell, make_cells
from gridfold_trainer.data.prepared import PreparedData, label_array
from gridfold_trainer.learning import estimators, sampling
from gridfold_trainer.learning.label_parameters import by_label
from gridfold_trainer.learning.pipelines import plain_pipeline
from gridfold_trainer.outcome.model_file import store_model
from gridfold_trainer.outcome.speaking import Spoken, speak_labels
from gridfold_trainer.storage.context import Context

_TRIALS = 5
_SECONDS = 20.0
_ROWS_PER_CLASS, _ROWS = 10, 100
#: What a model holds does not depend on how long it was trained.
_FEWER = {"n_estimators": 2, "num_boost_round": 2, "max_iter": 5, "n_iter": 5, "epochs": 1, "max_epochs": 1}


def storage_warnings(job: StageInput, infeasible: Iterable[int], context: Context) -> list[str]:
    """Return what will be missing if certain cells win: a model file, or labels in it; [] where nothing will be.

    Cells that differ in numbers alone give models of one kind; of each of the first five kinds one is tried.
    """
    data, parts = load_parts(job, context)
    rows = _few(data, parts.train)
    found: dict[str, int] = {}  # what: the first cell
    deadline = time.monotonic() + _SECONDS
    for item in _kinds(job, frozenset(infeasible)):
        for note in _tried(item, data, rows):
            found.setdefault(note, item.index)
        if time.monotonic() > deadline:
            break
    return [f"if a cell like {number} wins: {note}" for note, number in found.items()]


def _kinds(job: StageInput, infeasible: frozenset[int]) -> Iterator[Cell]:
    """Yield one cell of each combination of parameters that are no numbers."""
    grid, seen = Grid.of(job.spec.search.grid), set()
    for number, place in enumerate(sampling.draw(job.spec.search)):
        kind = repr(sorted((name, value) for name, value in grid[place].items() if not _is_number(value)))
        if number in infeasible or kind in seen:
            continue
        seen.add(kind)
        yield make_cells(job, [number])[0]
        if len(seen) == _TRIALS:
            return


def _tried(item: Cell, data: PreparedData, rows: np.ndarray) -> list[str]:
    """Return what is wrong with the file of a model like this cell's; whether it can be fitted is asked elsewhere."""
    pipeline = item.pipeline(data.columns, data.classes, names=False)
    X = np.asfortranarray(data.X[rows])
    try:
        _shorten(pipeline.steps[-1][1])
        model = plain_pipeline(pipeline.fit(X, data.y[rows]))
    except Exception:  # an estimator may raise anything
        return []
    spoken = Spoken(model)
    if data.classes is not None:
        named = by_label(estimators.load_class(item.estimator), item.parameters, data.classes)
        spoken = speak_labels(model, label_array(data.classes), named, X.copy(order="F"))
    return [note for note in (spoken.note, store_model(spoken.model, X.copy(order="F")).note) if note]


def _shorten(estimator: Any) -> None:
    values = estimator.get_params(deep=False)
    for name, most in _FEWER.items():
        if _is_number(values.get(name)) and values[name] > most:
            estimator.set_params(**{name: most})


def _few(data: PreparedData, train: np.ndarray) -> np.ndarray:
    """Return some rows of the training part, of every class."""
    if data.classes is None:
        return train[:_ROWS]
    y = data.y[train]
    return np.sort(np.concatenate([train[y == code][:_ROWS_PER_CLASS] for code in np.unique(y)[:_ROWS]]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
