"""Tables of very many columns: read as others are, and what they need is told before any cell runs."""

from pathlib import Path

import numpy as np
import pytest

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data import contents
from gridfold_trainer.data.column_names import column_problems
from gridfold_trainer.data.prepared import COLUMN_LIMIT, Column, load_prepared
from gridfold_trainer.preflight import memory_problems
from tests.unit.trainer.data_jobs import context, run_prepare, stage_input

pytestmark = pytest.mark.usefixtures("frames")


def test_a_table_of_more_than_ten_thousand_columns_is_a_data_set_as_any_other(tmp_path: Path) -> None:
    X = np.random.default_rng(0).integers(-9, 9, (40, 10_002)) / 8
    lines = [",".join([*map(repr, row.tolist()), "ny"[number % 2]]) for number, row in enumerate(X)]
    lines[3] = lines[3].replace(lines[3].partition(",")[0], "", 1)  # a value that is not there
    header = ",".join([*(f"gene {number}" for number in range(X.shape[1])), "y"])
    report = run_prepare(tmp_path, "\n".join([header, *lines]), crossValidation={"folds": 3})
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", report.digest, where.scratch)
    X[3, 0] = np.nan
    np.testing.assert_array_equal(data.X, X)


def test_text_of_many_columns_becomes_a_table_in_larger_pieces() -> None:
    assert [contents.pieces_at_once(columns) for columns in (1, 9_000, 20_000, COLUMN_LIMIT)] == [8, 9, 20, 64]


def test_the_memory_that_many_columns_take_is_told_before_any_cell_runs() -> None:
    columns = [Column(f"gene {number}", ColumnType.NUMERIC) for number in range(COLUMN_LIMIT)]
    spec = stage_input(execution={"resources": {"limits": {"memory": "256Mi"}}}).spec
    (problem,) = memory_problems(spec, columns, 200)
    assert "each cell needs at least 402 MiB: 200 training rows of 100000 columns" in problem
    assert problem.endswith("Raise the limit, or exclude columns.")
    assert (
        memory_problems(stage_input(execution={"resources": {"limits": {"memory": "512Mi"}}}).spec, columns, 200) == []
    )


@pytest.mark.parametrize(("most", "refused"), [("512Mi", False), ("300Mi", True)])
def test_cells_that_may_get_more_memory_are_judged_by_what_they_may_get(most: str, refused: bool) -> None:
    columns = [Column(f"gene {number}", ColumnType.NUMERIC) for number in range(COLUMN_LIMIT)]
    execution = {"resources": {"limits": {"memory": "256Mi"}}, "outOfMemory": {"maxMemory": most}}
    problems = memory_problems(stage_input(execution=execution).spec, columns, 200)
    assert [problem.startswith(f"spec.execution.outOfMemory.maxMemory is {most}, but") for problem in problems] == (
        [True] if refused else []
    )


def test_of_many_names_that_are_no_columns_some_are_shown_with_what_was_meant() -> None:
    spec = stage_input(dataset={"excludeColumns": [f"genes {number}" for number in range(500)]}).spec
    problems = column_problems(spec, [*(f"gene {number}" for number in range(500)), "y"])
    assert len(problems) == 21
    assert 'excludeColumns[0] is "genes 0", which is no column of the data; did you mean "gene 0"?' in problems[0]
    assert problems[-1] == "and 480 more names in spec.dataset are no columns of the data."
