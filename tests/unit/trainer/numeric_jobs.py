"""A prepared data set and jobs on it, for the tests of the numeric half; no pandas, no polars."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gridfold.api.handoff import CellReport, PreparedRun, StageInput
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import ColumnType, Scoring, Search, Split
from gridfold.domain.grid import cell_count, format_ranges
from gridfold_trainer import cell
from gridfold_trainer.cells.cell import make_cells
from gridfold_trainer.cells.results import CellResult, load_result
from gridfold_trainer.data.matrix_file import MatrixFile
from gridfold_trainer.data.prepared import Column, PreparedData
from gridfold_trainer.data.prepared_writer import Draft, save_prepared
from gridfold_trainer.data.targets import Target
from gridfold_trainer.learning import environment
from gridfold_trainer.learning.estimators import load_class, takes_random_state
from gridfold_trainer.learning.scorers import choose
from gridfold_trainer.learning.splits import make_parts
from gridfold_trainer.storage.context import Context
from gridfold_trainer.storage.file_store import FileStore

CACHE = "file:out/cache/"
COLUMNS = (
    Column("size", ColumnType.NUMERIC),
    Column("colour", ColumnType.CATEGORICAL, ("blue", "green", "red")),
    Column("weight", ColumnType.NUMERIC),
)


def small_data(rows: int = 120, classes: tuple[Any, ...] = ("no", "yes"), seed: int = 0) -> PreparedData:
    """Return rows with holes whose target depends on the columns."""
    random = np.random.default_rng(seed)
    X = np.asfortranarray(random.normal(size=(rows, 3)))
    X[:, 1] = random.integers(0, 3, rows)
    y = np.clip((X[:, 0] + X[:, 1] + random.normal(size=rows)).astype(np.int64), 0, len(classes) - 1)
    y[: 10 * len(classes)] = np.tile(np.arange(len(classes)), 10)  # no class is too small for the folds
    X[random.random(X.shape) < 0.1] = np.nan
    return PreparedData("", X, y, COLUMNS, classes, 1 if len(classes) == 2 else None, "target")


@dataclass
class World:
    """A folder of a laptop with one prepared data set in the cache."""

    folder: Path
    data: PreparedData = field(default_factory=small_data)

    def __post_init__(self) -> None:
        self.context = Context(FileStore(self.folder), self.folder / "scratch", self.folder)
        self.context.scratch.mkdir(parents=True)
        file = MatrixFile(self.context.scratch / "X.npy", len(self.data.columns))
        for column in self.data.X.T:
            file.keep(column)
        file.complete()
        target = Target(self.data.y, self.data.classes)
        X = self.context.scratch / "X.npy"
        orders = (self.data.groups, self.data.time, self.data.folds)
        draft = Draft(X, self.data.columns, "target", target, self.data.positive, *orders)
        self.digest = save_prepared(draft, CACHE, self.context)

    def job(self, grid: Any = None, estimator: str = "tree.DecisionTreeClassifier", **spec: Any) -> StageInput:
        """Return the input of a stage after prepare; all cells are one wave.

        The estimator's own section is `estimating`.
        """
        grid = grid or [{"max_depth": [1, 2, 3]}]
        classes, classification = self.data.classes, self.data.classes is not None
        objective, metrics = choose(Scoring(**spec.get("scoring", {})), classifier=classification)
        split = Split(**spec.get("split", {}))
        auto = "Stratified" if classification else "KFold"
        resolved = Resolved(
            split=split.method if split.method != "Auto" else ("Stratified" if classification else "Random"),
            cross_validation=spec.get("crossValidation", {}).get("method", auto),
            objective=objective,
            metrics=metrics,
            average="Binary" if len(classes or ()) == 2 else "Macro",
            random_state=0 if takes_random_state(load_class(f"sklearn.{estimator}")) else None,
        )
        document = {
            "dataset": {"sources": [{"uri": "file:data.csv"}], "target": "target"},
            "search": {"grid": grid},
            "output": {"uri": "file:out/"},
            **spec,
            "estimator": {"className": f"sklearn.{estimator}", **spec.get("estimating", {})},
        }
        document.pop("estimating", None)
        parts = make_parts(self.data.y, split, resolved, orders=self.data.orders)
        prepared = PreparedRun(
            digest=self.digest,
            environment=environment.digest(f"sklearn.{estimator}"),
            resolved=resolved,
            split_digest=parts.digest,
        )
        search = Search.model_validate(document["search"])
        return StageInput.model_validate(
            {
                "namespace": "team-a",
                "name": "small",
                "run_digest": "0" * 64,
                "spec": document,
                "prepared": prepared,
                "cells": format_ranges(range(cell_count(search))),
            }
        )

    def run_cells(self, job: StageInput) -> list[CellReport]:
        """Run all cells of a job."""
        return [cell.run(job, index, self.context) for index in range(cell_count(job.spec.search))]

    def result(self, job: StageInput, number: int = 0) -> CellResult:
        """Return the stored result of a cell, which must be valid."""
        found = load_result(self.context, CACHE, make_cells(job, [number])[0].key)
        assert found is not None
        return found

    def result_path(self, job: StageInput, number: int) -> Path:
        """Return the file of a cell's result."""
        return self.folder / "out/cache/cells" / f"{make_cells(job, [number])[0].key}.json"


def numbers(result: CellResult) -> dict[str, Any]:
    """Return all of a result that does not depend on the clock or on what was shared."""
    return result.model_dump(exclude={"fit_seconds", "score_seconds", "shared"})
