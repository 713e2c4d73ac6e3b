"""Folds that a column names are scikit-learn's PredefinedSplit on the training part; time folds keep gap and size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit, TimeSeriesSplit

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidation
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import PreparedData, load_prepared
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import cross_validation, predefined_folds
from tests.unit.trainer.data_jobs import context, run_prepare, stage_input

COUNT = 120
PREDEFINED = Resolved(split="Random", cross_validation="Predefined")
TIMED = Resolved(split="TimeOrdered", cross_validation="TimeSeries")


def prepared(folder: Path, names: list[str], folds: int, **changes: Any) -> tuple[PreparedData, Any]:
    """Prepare rows whose folds have these names in turn."""
    rows = [f"{n % 7},{names[n % len(names)]},{('no', 'yes')[n * n // 7 % 2]}" for n in range(COUNT)]
    spec = {"dataset": {"foldColumn": "part"}, "crossValidation": {"folds": folds}, **changes}
    report = run_prepare(folder, "\n".join(["a,part,y", *rows]), **spec)
    where = context(folder)
    return load_prepared(where.store, "file:out/cache/", report.digest, where.scratch), report


@pytest.mark.parametrize(
    ("names", "codes", "more"),
    [
        (["0", "1", "2"], [0, 1, 2], {}),
        (["10", "9", "-1"], [1, 0, -1], {}),
        (["2", "-1", "1", "1.0"], [1, -1, 0, 0], {}),
        (["c", "a", "b"], [2, 0, 1], {}),
        (["b", "-1", "a"], [1, -1, 0], {}),
        (["10", "9", "-1"], [0, 1, -1], {"columnTypes": {"part": "Categorical"}}),
        (["-1", "holdout"], [-1, 0], {}),
    ],
)
def test_each_value_is_a_fold_in_the_order_of_the_values_and_minus_one_is_none(
    tmp_path: Path, names: list[str], codes: list[int], more: dict[str, Any]
) -> None:
    wanted = len(set(codes) - {-1})
    data, report = prepared(tmp_path, names, wanted, dataset={"foldColumn": "part", **more})
    assert data.folds is not None
    assert data.folds.tolist() == [codes[n % len(codes)] for n in range(COUNT)]
    assert [column.name for column in data.columns] == ["a"]
    assert (report.resolved.split, report.resolved.cross_validation) == ("Stratified", "Predefined")
    again, _ = prepared(tmp_path, names, wanted, dataset={"foldColumn": "part", **more})  # found by its sources
    assert again.folds is not None
    assert again.folds.tolist() == data.folds.tolist()


def test_data_without_a_fold_column_keeps_its_digest(tmp_path: Path) -> None:
    data, report = prepared(tmp_path, ["1", "2"], 2, dataset={"excludeColumns": ["part"]})
    assert data.folds is None
    assert (
        b"folds"
        not in (tmp_path / f"out/cache/prepared/{report.digest.removeprefix('sha256:')}/manifest.json").read_bytes()
    )


def test_the_splits_are_those_of_scikit_learn() -> None:
    folds = np.random.default_rng(3).integers(-1, 4, 80)
    found = cross_validation.make_splits(np.zeros(80), CrossValidation(folds=4), PREDEFINED, Orders(folds=folds))
    expected = list(PredefinedSplit(folds).split())
    assert len(found) == 4
    for (fit, score), (fit_too, score_too) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(fit, fit_too)
        np.testing.assert_array_equal(score, score_too)


@pytest.mark.parametrize(
    ("folds", "wanted", "message"),
    [
        ([0, 1, 2], 5, r"folds is 5, but spec.dataset.foldColumn names 3 folds in the training part.*write folds: 3\."),
        ([0, 1, -1], 3, "names 2 folds"),
        ([-1, 0], 2, "names 1 fold in the training part.*write folds: 1"),
        ([0, 0], 1, "has one value in all rows of the training part.*the value -1"),
        ([-1, -1], 2, "is -1 in every row of the training part"),
    ],
)
def test_folds_that_cannot_be_are_told_with_what_to_write(folds: list[int], wanted: int, message: str) -> None:
    (problem,) = predefined_folds.check(wanted, np.array(folds))
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem)


def test_the_number_of_folds_that_is_advised_is_taken(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="write folds: 3"):
        prepared(tmp_path, ["a", "b", "c"], 5)
    assert prepared(tmp_path, ["a", "b", "c"], 3)[1].resolved.cross_validation == "Predefined"


def test_folds_that_lose_all_rows_to_the_other_parts_are_told() -> None:
    folds, train = np.array([0, 0, 1, 2, 2, -1]), np.array([0, 1, 3])
    (warning,) = predefined_folds.lost(folds, train)
    assert "Of the 3 folds of spec.dataset.foldColumn, in the order of their values, number 2 lost all rows" in warning
    assert predefined_folds.lost(folds, np.arange(6)) == []


def test_a_row_without_a_fold_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"foldColumn: part has no value in 40 of 120 rows.*-1 for rows that are always"
    ):
        prepared(tmp_path, ["a", "", "b"], 2)


def test_a_fold_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'spec.dataset.foldColumn is "prt", which is no column.*did you mean "part"'):
        prepared(tmp_path, ["a", "b"], 2, dataset={"foldColumn": "prt"})


@pytest.mark.parametrize(("gap", "most"), [(0, None), (3, None), (None, 10), (2, 7)])
def test_time_folds_keep_the_gap_and_the_size_that_scikit_learn_keeps(gap: int | None, most: int | None) -> None:
    cv = CrossValidation(folds=4, gap=gap, max_train_size=most)
    found = cross_validation.make_splits(np.zeros(50), cv, TIMED)
    expected = list(TimeSeriesSplit(4, gap=gap or 0, max_train_size=most).split(np.zeros(50)))
    assert [[rows.tolist() for rows in split] for split in found] == [[r.tolist() for r in s] for s in expected]


@pytest.mark.parametrize(("rows", "folds"), [(50, 4), (7, 2), (100, 9), (31, 5), (6, 5)])
def test_the_largest_gap_is_the_one_that_scikit_learn_takes(rows: int, folds: int) -> None:
    largest = rows - folds * (rows // (folds + 1)) - 1
    y = np.zeros(rows)
    assert cross_validation.check(y, CrossValidation(folds=folds, gap=largest), TIMED) == []
    assert cross_validation.make_splits(y, CrossValidation(folds=folds, gap=largest), TIMED)
    beyond = CrossValidation(folds=folds, gap=largest + 1)
    (problem,) = cross_validation.check(y, beyond, TIMED)
    assert f"spec.crossValidation.gap is {largest + 1}" in problem
    assert f"use a gap of at most {largest}, or fewer folds" in problem
    with pytest.raises(ValueError, match="gap"):
        cross_validation.make_splits(y, beyond, TIMED)


def test_gap_and_size_are_in_the_key_of_a_cell_and_their_defaults_are_not() -> None:
    from gridfold.api.handoff import PreparedRun
    from gridfold.domain.keys import CellKeys

    run = PreparedRun(digest="d", environment="e", split_digest="s", resolved=TIMED)
    base = {"dataset": {"timeColumn": "t"}}
    keys = [
        CellKeys(stage_input(**base, crossValidation=more).spec, run).key({"C": 1})
        for more in ({}, {"gap": 0}, {"gap": 1}, {"maxTrainSize": 9}, {"gap": 1, "maxTrainSize": 9})
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
