"""The pipeline of a cell: which steps it has, and what they do with codes."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.pipelines import build_pipeline

NUMBER, TEXT = Column("size", ColumnType.NUMERIC), Column("colour", ColumnType.CATEGORICAL, ("blue", "red"))
DEFAULT = {
    "numeric": {"impute": "Median", "scale": "Standard"},
    "categorical": {"impute": "MostFrequent", "encode": "OneHot"},
}


def built(columns: list[Column], *, names: bool = False, **choices: str) -> Any:
    document = {kind: dict(steps) for kind, steps in DEFAULT.items()}
    for name, value in choices.items():
        kind, step = name.split("_")
        document[kind][step] = value
    return build_pipeline(LogisticRegression(), columns, document, names=names)


def test_the_default_is_the_protocols_column_transformer_with_the_numeric_group_first() -> None:
    transformer = built([TEXT, NUMBER, TEXT]).named_steps["preprocessing"]
    assert [(name, columns) for name, _, columns in transformer.transformers] == [
        ("numeric", [1]),
        ("categorical", [0, 2]),
    ]
    steps = [[type(step).__name__ for _, step in pipeline.steps] for _, pipeline, _ in transformer.transformers]
    assert steps == [["SimpleImputer", "StandardScaler"], ["SimpleImputer", "OneHotEncoder"]]


def test_columns_are_named_where_people_use_the_model() -> None:
    transformer = built([TEXT, NUMBER], names=True).named_steps["preprocessing"]
    assert [columns for _, _, columns in transformer.transformers] == [["size"], ["colour"]]


@pytest.mark.parametrize(
    ("choices", "steps"),
    [
        ({"numeric_impute": "Mean", "numeric_scale": "MinMax"}, ["SimpleImputer", "MinMaxScaler"]),
        ({"numeric_impute": "MostFrequent", "numeric_scale": "Robust"}, ["SimpleImputer", "RobustScaler"]),
        ({"numeric_impute": "None"}, ["StandardScaler"]),
        ({"numeric_scale": "None"}, ["SimpleImputer"]),
    ],
)
def test_a_step_that_is_not_asked_for_is_left_out(choices: dict[str, str], steps: list[str]) -> None:
    ((_, pipeline, _),) = built([NUMBER], **choices).named_steps["preprocessing"].transformers
    assert [type(step).__name__ for _, step in pipeline.steps] == steps


def test_numbers_without_any_step_are_kept_beside_categories() -> None:
    pipeline = built([NUMBER, TEXT], numeric_impute="None", numeric_scale="None", categorical_encode="Ordinal")
    X = np.asfortranarray([[1.5, 1.0], [2.5, 0.0]])
    assert pipeline.named_steps["preprocessing"].fit_transform(X).tolist() == [[1.5, 1.0], [2.5, 0.0]]


def test_preprocessing_without_any_step_is_left_out_altogether() -> None:
    assert [name for name, _ in built([NUMBER], numeric_impute="None", numeric_scale="None").steps] == ["estimator"]


def test_a_group_without_columns_is_left_out() -> None:
    transformer = built([TEXT]).named_steps["preprocessing"]
    assert [name for name, _, _ in transformer.transformers] == ["categorical"]


@pytest.mark.parametrize(("encode", "expected"), [("OneHot", [[0.0, 0.0]]), ("Ordinal", [[-1.0]])])
def test_a_category_that_the_training_rows_do_not_have_is_none_of_the_known_ones(
    encode: str, expected: list[Any]
) -> None:
    pipeline = built([TEXT], categorical_encode=encode)
    transformer = pipeline.named_steps["preprocessing"].fit(np.array([[0.0], [1.0]]))
    assert transformer.transform(np.array([[2.0]])).tolist() == expected


def test_a_missing_category_that_is_not_filled_is_a_category_of_its_own() -> None:
    transformer = built([TEXT], categorical_impute="None").named_steps["preprocessing"]
    assert transformer.fit_transform(np.array([[0.0], [np.nan], [1.0]])).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_a_missing_category_becomes_the_most_frequent_one_and_the_first_of_equals() -> None:
    transformer = built([TEXT], categorical_encode="Ordinal").named_steps["preprocessing"]
    assert transformer.fit_transform(np.array([[1.0], [0.0], [np.nan]])).tolist() == [[1.0], [0.0], [0.0]]
