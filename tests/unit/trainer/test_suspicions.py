"""Columns that number the rows or say the target by themselves are told; those of ordinary data sets never are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.suspicions import Looker, Suspicions, is_affine, is_name, is_numbered, is_pure
from tests.unit.trainer.data_jobs import run_prepare

RANDOM = np.random.default_rng(0)
ROWS = 120
TRAIN = RANDOM.permutation(ROWS)[:84]
Y = RANDOM.integers(0, 2, ROWS)
NUMBERS = RANDOM.normal(size=ROWS)


def suspicions(name: str, values: np.ndarray, y: np.ndarray = Y, texts: bool = False) -> Suspicions:
    """Return what is found of a column; its texts are names that have the values as numbers."""
    classes = None if y.dtype.kind == "f" else [str(code) for code in np.unique(y)]
    looker = Looker(y[TRAIN], classes, 1)
    categories = tuple(f"name {value}" for value in np.unique(values[~np.isnan(values)])) if texts else ()
    column = Column(name, ColumnType.CATEGORICAL if texts else ColumnType.NUMERIC, categories)
    looker.look(column, values.astype(float), TRAIN)
    return looker.found


def missing_where(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.where(rows, np.nan, values.astype(float))


THREE = RANDOM.integers(0, 3, ROWS)
#: what it is, name, values, target, whether they are texts, where it is told ("" is nowhere)
COLUMNS: list[tuple[str, str, np.ndarray, np.ndarray, bool, str]] = [
    ("rows counted from 0", "a", np.arange(ROWS), Y, False, "numbered"),
    ("rows counted from 1", "Unnamed: 0", np.arange(ROWS) + 1, Y, False, "numbered"),
    ("rows counted and shuffled", "a", RANDOM.permutation(ROWS) + 7, Y, False, "numbered"),
    ("an identifier with gaps", "customer_id", np.sort(RANDOM.permutation(10_000)[:ROWS]), Y, False, "numbered"),
    ("an identifier in camel case", "orderId", RANDOM.permutation(10_000)[:ROWS], Y, False, "numbered"),
    ("an identifier against numbers", "id", np.arange(ROWS), NUMBERS, False, "numbered"),
    ("different whole numbers of another name", "paid", RANDOM.permutation(10_000)[:ROWS], Y, False, ""),
    ("counts", "id", RANDOM.integers(0, 50, ROWS), Y, False, ""),
    ("measurements", "a", RANDOM.normal(size=ROWS), Y, False, ""),
    ("names", "name", np.arange(ROWS), Y, True, "distinct"),
    ("names, some twice", "name", np.arange(ROWS) % (ROWS - 3), Y, True, "distinct"),
    ("towns", "town", np.arange(ROWS) % 40, Y, True, ""),
    ("a copy of the target", "a", Y, Y, False, "telling"),
    ("the target turned round", "a", 1 - Y, Y, False, "telling"),
    ("a number per class of three", "a", np.array([7, 3, 5])[THREE], THREE, False, "telling"),
    ("a threshold", "a", Y * 2 + RANDOM.random(ROWS), Y, False, "telling"),
    ("two thresholds", "a", THREE * 2 + RANDOM.random(ROWS), THREE, False, "telling"),
    ("missing where the class is 1", "a", missing_where(RANDOM.normal(size=ROWS), Y == 1), Y, False, "telling"),
    ("a text per class", "a", Y, Y, True, "telling"),
    ("some texts per class", "a", Y * 5 + RANDOM.integers(0, 5, ROWS), Y, True, "telling"),
    ("a threshold with an exception", "a", np.where(np.arange(ROWS) == TRAIN[3], 1 - Y, Y), Y, False, ""),
    ("a good measurement", "a", Y + RANDOM.normal(size=ROWS), Y, False, ""),
    ("one class of three told", "a", (THREE == 0).astype(int), THREE, False, ""),
    ("a constant", "a", np.zeros(ROWS), Y, False, ""),
    ("the target in other units", "a", 1.8 * NUMBERS + 32, NUMBERS, False, "telling"),
    ("the target with the other sign", "a", -NUMBERS, NUMBERS, False, "telling"),
    ("the target rounded", "a", np.round(NUMBERS, 2), NUMBERS, False, "telling"),
    ("a good predictor", "a", NUMBERS + 0.1 * RANDOM.normal(size=ROWS), NUMBERS, False, ""),
]


@pytest.mark.parametrize(
    ("name", "values", "y", "texts", "expected"), [c[1:] for c in COLUMNS], ids=[c[0] for c in COLUMNS]
)
def test_a_column_is_told_for_what_it_looks_like(
    name: str, values: np.ndarray, y: np.ndarray, texts: bool, expected: str
) -> None:
    found = suspicions(name, values, y, texts)
    assert {kind for kind in ("numbered", "distinct", "telling") if getattr(found, kind)} == ({expected} - {""})


@pytest.mark.parametrize("load", ["iris", "breast_cancer", "wine", "digits", "diabetes"])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_column_of_an_ordinary_data_set_is_told(load: str, seed: int) -> None:
    bunch: Any = getattr(datasets, f"load_{load}")()
    X, y = np.asfortranarray(bunch.data), bunch.target
    train = np.random.default_rng(seed).permutation(len(y))[: len(y) * 7 // 10]
    looker = Looker(y[train], list(np.unique(y)) if y.dtype.kind == "i" else None, X.shape[1])
    for number, values in enumerate(X.T):
        looker.look(Column(str(number), ColumnType.NUMERIC), values, train)
    assert looker.found == Suspicions()


def test_noise_is_never_told_however_few_the_rows_and_however_many_the_columns() -> None:
    random = np.random.default_rng(3)
    for rows in (20, 25, 40):
        y = np.arange(rows) % 2
        looker = Looker(y, [0, 1], 2000)
        for number in range(2000):
            values = random.normal(size=rows) if number % 2 else random.integers(0, 2, rows).astype(float)
            looker.look(Column("a", ColumnType.NUMERIC), values, np.arange(rows))
        assert looker.found == Suspicions()


def test_the_rows_of_other_parts_are_not_compared_with_the_target() -> None:
    values = Y.astype(float)
    others = np.setdiff1d(np.arange(ROWS), TRAIN)
    values[others] = 1 - Y[others]
    assert suspicions("a", values).telling == ["a"]


def test_the_advice_comes_first_and_is_bounded() -> None:
    (found,) = Suspicions(telling=[f"column {number}" for number in range(8)]).warnings("label")
    assert found.startswith('Exclude them, unless they are meant: dataset.excludeColumns: ["column 0", "column 1", ')
    assert "column 4 and 3 more look like a copy of the target label" in found


@pytest.mark.usefixtures("frames")
def test_prepare_tells_them_and_the_advice_makes_it_silent(tmp_path: Path) -> None:
    table = "id,name,leak,a,y\n" + "".join(
        f"{1000 + i},p{i},{('n', 'j')[Y[i]]},{NUMBERS[i]:.2f},{('no', 'yes')[Y[i]]}\n" for i in range(ROWS)
    )
    found = run_prepare(tmp_path, table).warnings
    assert [warning.partition(". ")[0].partition(": ")[2] for warning in found] == [
        'dataset.excludeColumns: ["id"]',
        'dataset.excludeColumns: ["name"]',
        'dataset.excludeColumns: ["leak"]',
    ]
    assert "copy of the target y" in found[2]
    assert run_prepare(tmp_path, table).warnings == found  # also where nothing is read again
    assert run_prepare(tmp_path, table, dataset={"excludeColumns": ["id", "name", "leak"]}).warnings == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("$4.{0}", False),
        ("{0},50", False),
        ("1,{0}", False),
        ("{0} %", False),
        ("12.{0} km", False),
        ("2024-01-{0}", False),
        ("2024-01-{0}T12:00:00Z", False),
        ("EUR {0}", False),
        ("{0}e5", False),
        ("user-{0}", True),
        ("Braund, Mr. Owen {0}", True),
        ("3f{0}-ab12-77fe", True),
        ("{0} Main Street", True),
    ],
)
def test_numbers_and_dates_that_were_taken_for_texts_are_no_names(text: str, named: bool) -> None:
    assert is_name([text.format(number) for number in range(10, 90)], 80) is named


def test_few_rows_are_no_evidence() -> None:
    assert not is_pure(np.arange(8.0), np.arange(8) // 4, ordered=True, log_chance=14)
    assert not is_affine(np.arange(8.0), np.arange(8.0))
    assert not is_numbered("a", np.array([1.0, 3, 2, 9, 5]))
