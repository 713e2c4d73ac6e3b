"""Cleaning does exactly what is asked, in the protocol's order, and counts it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridfold.api.v1alpha1 import Cleaning, Csv, Dataset, Source
from gridfold_trainer.data.assemble import assemble
from gridfold_trainer.data.cleaning import MissingByColumn, RowCleaner
from gridfold_trainer.data.sources import fetch, locate
from gridfold_trainer.data.tables import Piece
from gridfold_trainer.errors import DataError
from tests.unit.trainer.data_jobs import context, stage_input

Columns = dict[str, list[str]]

pytestmark = pytest.mark.usefixtures("frames")


@dataclass
class Cleaned:
    """What is left of a table: the texts of its rows, and what was dropped."""

    columns: dict[str, list[str | None]]
    row_numbers: list[int]
    dropped_rows: dict[str, int]


def cleaned(
    columns: Columns,
    missing: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    own: dict[str, list[str]] | None = None,
    **rules: Any,
) -> Cleaned:
    """Clean a table that comes in pieces of two rows, every column as text."""
    import polars as pl

    dataset = Dataset(
        sources=[Source(uri="s3://b/k")],
        target="y",
        csv=Csv(missing_values=list(missing)),
        exclude_columns=list(exclude),
        column_missing_values=own or {},
    )
    cleaning = Cleaning(**rules)
    what = MissingByColumn(dataset, trim=cleaning.trim_text)
    rows = RowCleaner(dataset, cleaning, what)
    whole = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    numbers = np.arange(1, whole.height + 1)
    pieces = [Piece(whole.slice(at, 2), numbers[at : at + 2]) for at in range(0, max(1, whole.height), 2)]
    left = list(rows.clean(iter(pieces)))
    keep = rows.first_of_equals()
    frame = pl.concat([piece.frame for piece in left])
    kept = np.ones(frame.height, dtype=bool) if keep is None else keep
    frame = pl.DataFrame([what.of(column.name).mark(column) for column in frame]).filter(pl.Series(kept))
    found = np.concatenate([piece.row_numbers for piece in left])[kept]
    dropped = {"missingTarget": rows.without_target, "duplicates": int((~kept).sum())}
    return Cleaned({c.name: c.to_list() for c in frame}, found.tolist(), dropped)


def content(found: Cleaned) -> dict[str, list[str | None]]:
    return found.columns


def test_by_default_text_is_trimmed_and_rows_without_target_go() -> None:
    found = cleaned({"a": [" 1", "\u00a02\t", "3"], "y": ["x ", " ", "z"]})
    assert content(found) == {"a": ["1", "3"], "y": ["x", "z"]}
    assert found.dropped_rows == {"missingTarget": 1, "duplicates": 0}
    assert found.row_numbers == [1, 3]


def test_only_the_empty_field_and_declared_markers_are_missing() -> None:
    found = cleaned({"a": ["", "NA", "nan", "?", " ? ", "null", "N/A"], "y": list("abcdefg")}, missing=("?", "N/A"))
    assert content(found)["a"] == [None, "NA", "nan", None, None, "null", None]


def test_a_marker_is_compared_after_both_are_trimmed() -> None:
    assert content(cleaned({"a": ["- ", "-1"], "y": ["a", "b"]}, missing=(" -",)))["a"] == [None, "-1"]


def test_a_marker_means_no_target_too() -> None:
    found = cleaned({"a": ["1", "2"], "y": ["?", "b"]}, missing=("?",))
    assert content(found) == {"a": ["2"], "y": ["b"]}


def test_without_trimming_white_space_is_part_of_the_value() -> None:
    found = cleaned({"a": [" ", "? "], "y": ["a", " "]}, missing=("?",), trim_text=False)
    assert content(found) == {"a": [" ", "? "], "y": ["a", " "]}


def test_rows_without_target_that_may_not_be_dropped_are_refused_with_the_first_of_them() -> None:
    with pytest.raises(DataError, match=r"2 of 4 rows have no value of the target y \(the first is row 2\)"):
        cleaned({"a": list("1234"), "y": ["a", "", "b", " "]}, drop_rows_without_target=False)


def test_a_marker_of_one_column_is_a_value_in_all_others() -> None:
    found = cleaned({"a": ["0", "1 "], "b": ["0", "?"], "y": ["0", "b"]}, missing=("?",), own={"a": [" 0", "1"]})
    assert content(found) == {"a": [None, None], "b": ["0", None], "y": ["0", "b"]}
    assert content(cleaned({"a": ["1", "2"], "y": ["0", "b"]}, own={"y": ["0"]})) == {"a": ["2"], "y": ["b"]}


def test_rows_are_equal_where_different_markers_of_a_column_stand() -> None:
    columns = {"a": ["0", "-", "0"], "b": ["1", "1", "0"], "y": ["n", "n", "n"]}
    assert cleaned(columns, own={"a": ["0", "-"]}, drop_duplicate_rows=True).row_numbers == [1, 3]


def test_of_equal_rows_the_first_is_kept_and_missing_values_are_equal() -> None:
    found = cleaned({"a": ["1", "", "1", "", "1"], "y": ["p", "q", "p ", "q", "q"]}, drop_duplicate_rows=True)
    assert content(found) == {"a": ["1", None, "1"], "y": ["p", "q", "q"]}
    assert found.dropped_rows["duplicates"] == 2
    assert found.row_numbers == [1, 2, 5]


def test_equal_rows_are_compared_as_text_not_as_numbers() -> None:
    assert cleaned({"a": ["1", "1.0"], "y": ["p", "p"]}, drop_duplicate_rows=True).dropped_rows["duplicates"] == 0


def test_duplicates_are_judged_on_excluded_columns_too() -> None:
    columns = {"id": ["1", "2"], "a": ["5", "5"], "y": ["p", "p"]}
    found = cleaned(columns, exclude=("id",), drop_duplicate_rows=True)
    assert content(found) == {**columns}


def test_rows_without_target_go_before_duplicates_and_are_counted_once() -> None:
    found = cleaned({"a": ["1", "1", "2"], "y": ["", "", "p"]}, drop_duplicate_rows=True)
    assert found.dropped_rows == {"missingTarget": 2, "duplicates": 0}


def test_rows_are_kept_without_being_asked_to_drop_them() -> None:
    assert cleaned({"a": ["1", "1"], "y": ["p", "p"]}).row_numbers == [1, 2]


def dropped_columns(folder: Path, columns: Columns, exclude: tuple[str, ...] = (), **rules: Any) -> tuple[Any, Any]:
    """Prepare a table and return the columns that are left, and how many were dropped."""
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    (folder / "data.csv").write_text("\n".join(lines))
    job = stage_input(dataset={"excludeColumns": list(exclude)}, cleaning=rules)
    where = context(folder)
    files = fetch(job.spec.dataset.sources, locate(job.spec.dataset.sources, where), where)
    found = assemble(job.spec, files, where, classifier=True)
    return [column.name for column in found.columns], found.dropped_columns


@pytest.mark.parametrize(("limit", "kept"), [(0, ["c"]), (24, ["c"]), (25, ["b", "c"]), (50, ["a", "b", "c"])])
def test_a_column_goes_when_more_than_the_limit_is_missing(tmp_path: Path, limit: int, kept: list[str]) -> None:
    columns = {"a": ["", "", "1", "2"], "b": ["", "1", "2", "3"], "c": list("1234"), "y": list("pqpq")}
    found, dropped = dropped_columns(tmp_path, columns, dropColumnsMissingAbove=limit)
    assert found == kept
    assert dropped == {"excluded": 0, "missing": 3 - len(kept)}


def test_the_missing_share_is_taken_of_the_rows_that_are_left(tmp_path: Path) -> None:
    columns = {"a": ["", "", "", "1", "2", "", ""], "y": ["", "", "", "p", "q", "p", "p"]}
    rules = {"dropColumnsMissingAbove": 34, "dropDuplicateRows": True}
    assert dropped_columns(tmp_path, {**columns, "b": list("1234555")}, **rules)[0] == ["a", "b"]


def test_a_hundred_percent_keeps_even_an_empty_column(tmp_path: Path) -> None:
    columns = {"a": ["", ""], "y": ["p", "q"]}
    assert dropped_columns(tmp_path, columns, dropColumnsMissingAbove=100)[0] == ["a"]


def test_a_column_of_one_value_goes_and_one_of_a_value_and_missing_stays(tmp_path: Path) -> None:
    columns = {"one": ["5", "5"], "part": ["5", ""], "none": ["", ""], "y": ["p", "p"]}
    assert dropped_columns(tmp_path, columns, dropConstantColumns=True) == (["part"], {"excluded": 0, "constant": 2})


def test_excluded_columns_are_counted_as_such_whatever_else_they_are(tmp_path: Path) -> None:
    columns = {"a": ["", ""], "b": ["1", "2"], "y": ["p", "q"]}
    rules = {"dropConstantColumns": True, "dropColumnsMissingAbove": 0}
    expected = {"excluded": 1, "missing": 0, "constant": 0}
    assert dropped_columns(tmp_path, columns, exclude=("a",), **rules) == (["b"], expected)


def test_a_column_that_cannot_be_typed_is_no_problem_where_it_is_dropped(tmp_path: Path) -> None:
    columns = {"a": ["9007199254740993", "", "", ""], "b": list("1234"), "y": list("pqpq")}
    assert dropped_columns(tmp_path, columns, dropColumnsMissingAbove=50)[0] == ["b"]


@pytest.mark.parametrize("targets", [[], ["", " "]])
def test_a_table_without_any_target_value_is_refused(targets: list[str]) -> None:
    with pytest.raises(DataError, match=f"no row is left: the sources have {len(targets)} rows"):
        cleaned({"a": ["1"] * len(targets), "y": targets})
