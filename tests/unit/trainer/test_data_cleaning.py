"""Cleaning does exactly what is asked, in the protocol's order, and counts it."""

from typing import Any

import numpy as np
import pytest

from gridfold.api.v1alpha1 import Cleaning, Csv, Dataset, Source
from gridfold_trainer.cleaning import Cleaned, clean
from gridfold_trainer.errors import DataError

pytestmark = pytest.mark.usefixtures("frames")

Columns = dict[str, list[str]]


def cleaned(columns: Columns, missing: tuple[str, ...] = (), exclude: tuple[str, ...] = (), **rules: Any) -> Cleaned:
    import polars as pl

    dataset = Dataset(
        sources=[Source(uri="s3://b/k")],
        target="y",
        csv=Csv(missing_values=list(missing)),
        exclude_columns=list(exclude),
    )
    return clean(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), dataset, Cleaning(**rules))


def content(found: Cleaned) -> dict[str, list[str | None]]:
    return {column.name: column.to_list() for column in found.frame}


def test_by_default_text_is_trimmed_and_rows_without_target_go() -> None:
    found = cleaned({"a": [" 1", "\u00a02\t", "3"], "y": ["x ", " ", "z"]})
    assert content(found) == {"a": ["1", "3"], "y": ["x", "z"]}
    assert found.dropped_rows == {"missingTarget": 1, "duplicates": 0}
    np.testing.assert_array_equal(found.row_numbers, [1, 3])


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


def test_of_equal_rows_the_first_is_kept_and_missing_values_are_equal() -> None:
    found = cleaned({"a": ["1", "", "1", "", "1"], "y": ["p", "q", "p ", "q", "q"]}, drop_duplicate_rows=True)
    assert content(found) == {"a": ["1", None, "1"], "y": ["p", "q", "q"]}
    assert found.dropped_rows["duplicates"] == 2
    np.testing.assert_array_equal(found.row_numbers, [1, 2, 5])


def test_equal_rows_are_compared_as_text_not_as_numbers() -> None:
    assert cleaned({"a": ["1", "1.0"], "y": ["p", "p"]}, drop_duplicate_rows=True).dropped_rows["duplicates"] == 0


def test_duplicates_are_judged_on_excluded_columns_too() -> None:
    columns = {"id": ["1", "2"], "a": ["5", "5"], "y": ["p", "p"]}
    found = cleaned(columns, exclude=("id",), drop_duplicate_rows=True)
    assert content(found) == {"a": ["5", "5"], "y": ["p", "p"]}


def test_rows_without_target_go_before_duplicates_and_are_counted_once() -> None:
    found = cleaned({"a": ["1", "1", "2"], "y": ["", "", "p"]}, drop_duplicate_rows=True)
    assert found.dropped_rows == {"missingTarget": 2, "duplicates": 0}


def test_rows_are_kept_without_being_asked_to_drop_them() -> None:
    assert cleaned({"a": ["1", "1"], "y": ["p", "p"]}).frame.height == 2


@pytest.mark.parametrize(("limit", "kept"), [(0, ["c"]), (24, ["c"]), (25, ["b", "c"]), (50, ["a", "b", "c"])])
def test_a_column_goes_when_more_than_the_limit_is_missing(limit: int, kept: list[str]) -> None:
    columns = {"a": ["", "", "1", "2"], "b": ["", "1", "2", "3"], "c": list("1234"), "y": list("pqpq")}
    found = cleaned(columns, drop_columns_missing_above=limit)
    assert found.frame.columns == [*kept, "y"]
    assert found.dropped_columns["missing"] == [name for name in "abc" if name not in kept]


def test_the_missing_share_is_taken_of_the_rows_that_are_left() -> None:
    columns = {"a": ["", "", "", "1", "2"], "y": ["", "", "", "p", "q"]}
    assert cleaned(columns, drop_columns_missing_above=0).frame.columns == ["a", "y"]


def test_a_hundred_percent_keeps_even_an_empty_column() -> None:
    assert cleaned({"a": ["", ""], "y": ["p", "q"]}, drop_columns_missing_above=100).frame.columns == ["a", "y"]


def test_a_column_of_one_value_goes_and_one_of_a_value_and_missing_stays() -> None:
    columns = {"one": ["5", "5"], "part": ["5", ""], "none": ["", ""], "y": ["p", "p"]}
    found = cleaned(columns, drop_constant_columns=True)
    assert found.frame.columns == ["part", "y"]
    assert found.dropped_columns["constant"] == ["one", "none"]


def test_excluded_columns_are_counted_as_such_whatever_else_they_are() -> None:
    columns = {"a": ["", ""], "b": ["1", "2"], "y": ["p", "q"]}
    found = cleaned(columns, exclude=("a",), drop_constant_columns=True, drop_columns_missing_above=0)
    assert found.dropped_columns == {"excluded": ["a"], "missing": [], "constant": []}


@pytest.mark.parametrize("targets", [[], ["", " "]])
def test_a_table_without_any_target_value_is_refused(targets: list[str]) -> None:
    with pytest.raises(DataError, match=f"no row is left: the sources have {len(targets)} rows"):
        cleaned({"a": ["1"] * len(targets), "y": targets})
