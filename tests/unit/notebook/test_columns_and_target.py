"""X and y become columns, each of numbers or of texts, that can come back as they were."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import DataConversionWarning

from gridfold_notebook.columns import columns_of
from gridfold_notebook.target import Target, target_of


class Frame(dict[Any, Any]):
    """As much of a DataFrame as its columns need."""

    @property
    def columns(self) -> list[Any]:
        return list(self)

    @property
    def shape(self) -> tuple[int, int]:
        return len(next(iter(self.values()))), len(self)

    @property
    def iloc(self) -> Any:
        values = list(self.values())
        return type("ILoc", (), {"__getitem__": lambda _, place: values[place[1]]})()


def test_columns_have_one_type_each_and_missing_values_stay_missing() -> None:
    columns, problems = columns_of(np.array([[1, "a", True], [None, None, float("nan")]], dtype=object))
    assert not problems
    assert [column.kind for column in columns] == ["Numeric", "Categorical", "Numeric"]
    assert np.isnan(columns[0].values[1]) and columns[1].values.tolist() == ["a", None]
    assert columns_of(np.array([["a"], [1]], dtype=object))[1][0].startswith(
        "column x0 of X has values such as 1 (int)"
    )


def test_what_is_neither_a_number_nor_a_text_is_a_type_error_as_in_scikit_learn() -> None:
    with pytest.raises(TypeError, match=r"argument must be a string or a real number, not 'dict' \(column x1 of X\)"):
        columns_of(np.array([[1, {"a": 1}]], dtype=object))
    assert "has the type datetime64[D]" in columns_of(Frame({"day": np.array(["2020-01-01"], "datetime64[D]")}))[1][0]


def test_columns_whose_names_are_no_texts_have_their_places_as_names() -> None:
    columns, problems = columns_of(Frame({7: np.array([1.0]), 3: np.array([2.0])}))
    assert not problems and [(column.name, *column.values) for column in columns] == [("x0", 1.0), ("x1", 2.0)]
    assert "[3]; expected texts" in columns_of(Frame({"a": np.array([1.0]), 3: np.array([2.0])}))[1][0]


def test_a_target_of_numbers_keeps_every_digit() -> None:
    assert target_of([0.1 + 0.2, 1], classifier=False) == (Target(["0.30000000000000004", "1.0"]), [])
    assert "contains NaN" in target_of([float("nan")], classifier=False)[1][0]
    assert "no finite numbers" in target_of(["a"], classifier=False)[1][0]


@pytest.mark.parametrize(
    ("y", "texts", "kind", "classes"),
    [
        ([-1, 1], ["-1", "1"], "Numeric", [-1, 1]),
        ([1.0, 0.0], ["1", "0"], "Numeric", [0.0, 1.0]),
        ([True, False], ["1", "0"], "Numeric", [False, True]),
        (np.array([2, 1], dtype=object), ["2", "1"], "Numeric", [1, 2]),
        (["10", "9", "no"], ["10", "9", "no"], "Categorical", ["10", "9", "no"]),
    ],
)
def test_labels_are_told_apart_and_come_back_as_they_were(y: Any, texts: Any, kind: str, classes: Any) -> None:
    target, problems = target_of(y, classifier=True)
    assert not problems and (target.texts, target.kind) == (texts, kind)
    assert target.classes.tolist() == classes and [type(c) for c in target.classes.tolist()] == list(map(type, classes))


def test_one_column_as_a_matrix_is_taken_with_the_warning_of_scikit_learn() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"):
        assert target_of([[1], [0]], classifier=True)[0].texts == ["1", "0"]
