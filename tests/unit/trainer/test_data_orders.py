"""Groups and times: out of X, complete, and in an order that splits as the original values do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, StratifiedGroupKFold

from gridfold_trainer.data import contents
from gridfold_trainer.data.prepared import PreparedData, load_prepared
from gridfold_trainer.errors import DataError
from tests.unit.trainer.data_jobs import context, run_prepare

COUNT = 60


def table(values: list[str]) -> str:
    rows = [f"{number % 7},{value},{('no', 'yes')[number % 2]}" for number, value in enumerate(values)]
    return "\n".join(["a,order,y", *rows])


def prepared(folder: Path, values: list[str], field: str, **changes: Any) -> tuple[PreparedData, Any]:
    dataset = {field: "order", **changes.pop("dataset", {})}
    report = run_prepare(folder, table(values), dataset=dataset, **changes)
    where = context(folder)
    return load_prepared(where.store, "file:out/cache/", report.digest, where.scratch), report


@pytest.mark.parametrize("piece", [20, contents.PIECE_BYTES])
@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["10", "9", "-1", "1.5"], ["-1", "1.5", "9", "10"]),
        (["b", "B", "10", "9"], ["10", "9", "B", "b"]),
        (["é", "z", "日", "\U00010000"], ["z", "é", "日", "\U00010000"]),
    ],
)
def test_groups_are_numbered_in_the_order_of_their_values_and_leave_x(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], ordered: list[str], piece: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    values = [names[number // 2 % 4] for number in range(COUNT)]
    data, report = prepared(tmp_path, values, "groupColumn", crossValidation={"folds": 2})
    assert data.groups is not None
    assert data.groups.dtype == np.int64
    assert data.groups.tolist() == [ordered.index(value) for value in values]
    assert [column.name for column in data.columns] == ["a"]
    assert (report.resolved.split, report.resolved.cross_validation) == ("Grouped", "StratifiedGrouped")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["b", "B", "10", "9", "é", "日", "aa", "a"]), min_size=40, max_size=60), st.integers(0, 9)
)
def test_scikit_learn_splits_codes_as_it_splits_the_original_groups(values: list[str], seed: int) -> None:
    """What the numbering rests on: every group splitter goes by the order of np.unique."""
    original = np.array(values, dtype=object)
    codes = np.unique(original, return_inverse=True)[1]
    y = np.arange(len(values)) % 2
    splitters: list[Any] = [GroupShuffleSplit(3, test_size=0.3, random_state=seed)]
    if len(set(values)) >= 3:
        splitters += [
            GroupKFold(3, shuffle=True, random_state=seed),
            StratifiedGroupKFold(3, shuffle=True, random_state=seed),
        ]
    if len(set(values)) < 2:
        return
    for splitter in splitters:
        ours, theirs = (list(splitter.split(y, y, groups)) for groups in (codes, original))
        for (left, right), (left_too, right_too) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(left, left_too)
            np.testing.assert_array_equal(right, right_too)


TIMES = {
    "numbers": (["3", "1", "2.5", "-1e3"], [3, 1, 2.5, -1000]),
    "days": (["2024-01-03", "2024-01-01", "1969-12-31"], [19725 * 864e8, 19723 * 864e8, -864e8]),
    "instants": (["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+02:00"], [19723 * 864e8, 19723 * 864e8 - 36e8]),
    "microseconds": (["2024-01-01T00:00:00.000001", "2024-01-01 00:00:00"], [19723 * 864e8 + 1, 19723 * 864e8]),
    "trailing zeros": (["2024-01-01T00:00:00.000001000"], [19723 * 864e8 + 1]),
}


@pytest.mark.parametrize("piece", [25, contents.PIECE_BYTES])
@pytest.mark.parametrize("name", TIMES)
def test_times_are_numbers_or_microseconds_since_1970(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, piece: int
) -> None:
    monkeypatch.setattr(contents, "PIECE_BYTES", piece)
    texts, numbers = TIMES[name]
    tree = {"className": "sklearn.tree.DecisionTreeClassifier"}  # the first rows in time may be of one class
    rows = [texts[row % len(texts)] for row in range(COUNT)]
    data, report = prepared(tmp_path, rows, "timeColumn", estimator=tree, search={"grid": [{"max_depth": [2]}]})
    assert data.time is not None
    assert data.time.tolist() == [numbers[row % len(texts)] for row in range(COUNT)]
    assert [column.name for column in data.columns] == ["a"]
    assert (report.resolved.split, report.resolved.cross_validation) == ("TimeOrdered", "TimeSeries")


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [
        ("groupColumn", ["a", "", "b"], "groupColumn: order has no value in 20 of 60 rows"),
        ("timeColumn", ["1", "", "2"], "timeColumn: order has no value in 20 of 60 rows"),
        ("groupColumn", ["1", "9007199254740993"], "groupColumn: order has integers that a 64-bit float would change"),
        ("timeColumn", ["1", "1e999"], "no 64-bit float can hold"),
        ("timeColumn", ["2024-01-01", "yesterday"], '"yesterday" (row 2)'),
        ("timeColumn", ["2024-01-01", "17"], '"17" (row 2)'),
        ("timeColumn", ["2024-02-30"], '"2024-02-30" (row 1)'),
        ("timeColumn", ["12:30"], '"12:30" (row 1)'),
        ("timeColumn", ["2024-01-01T00:00:00.0000001"], "up to microseconds"),
        ("timeColumn", ["2024-01-01T00:00:00Z", "2024-01-01"], "dates with a time zone and dates without one"),
        ("groupColumn", ["same"], "has 1 different values; at least 3"),
    ],
)
def test_what_cannot_order_the_rows_is_refused_with_its_place(
    tmp_path: Path, field: str, values: list[str], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, [values[row % len(values)] for row in range(COUNT)], field)
    assert words in str(caught.value)


@pytest.mark.parametrize("field", ["groupColumn", "timeColumn"])
def test_the_target_cannot_divide_the_rows_and_an_unknown_column_is_named(tmp_path: Path, field: str) -> None:
    values = [str(row) for row in range(COUNT)]
    with pytest.raises(DataError, match=f"{field} is the target y"):
        prepared(tmp_path, values, field, dataset={field: "y"})
    with pytest.raises(DataError, match=f'{field} is "oder", which is no column of the data; did you mean "order"'):
        prepared(tmp_path, values, field, dataset={field: "oder"})


def test_rows_that_cleaning_drops_leave_groups_and_times_too(tmp_path: Path) -> None:
    rows = [f"{row},g{row % 5},{row},{('no', 'yes')[row % 2]}" for row in range(COUNT)]
    text = "\n".join(["a,group,time,y", rows[0], "1,g9,1,", *rows])
    dataset = {"groupColumn": "group", "timeColumn": "time"}
    changes: dict[str, Any] = {"split": {"method": "Grouped"}, "cleaning": {"dropDuplicateRows": True}}
    report = run_prepare(tmp_path, text, dataset=dataset, crossValidation={"folds": 2}, **changes)
    where = context(tmp_path)
    data = load_prepared(where.store, "file:out/cache/", report.digest, where.scratch)
    assert report.dataset.dropped_rows == {"missingTarget": 1, "duplicates": 1}
    assert data.groups is not None
    assert data.time is not None
    assert data.groups.tolist() == [row % 5 for row in range(COUNT)]
    assert data.time.tolist() == list(range(COUNT))
