"""Cells that the estimator refuses are no part of the exported search; a comment has the estimator's words."""

import ast
from typing import Any

import pytest
from sklearn.model_selection import ParameterGrid, ParameterSampler

from gridfold.api.validation import parse_training_job
from tests.oracle.exported import script_of
from tests.unit.domain.world import document

SGD = "sklearn.linear_model.SGDClassifier"
LOGISTIC = "sklearn.linear_model.LogisticRegression"
MEASURED = {"metrics": ["accuracy", "neg_log_loss"]}


def script(estimator: str, grid: list[dict[str, list[Any]]], scoring: dict[str, Any], **search: Any) -> str:
    raw = document()
    raw["spec"] |= {"estimator": {"className": estimator}, "search": {"grid": grid, **search}, "scoring": scoring}
    return script_of(parse_training_job(raw))


def left_out(text: str) -> list[int]:
    """Return the numbers that a script leaves out."""
    (found,) = (line for line in text.splitlines() if line.startswith("LEFT_OUT = "))
    return list(eval(found.removeprefix("LEFT_OUT = ")))


def comments(text: str) -> str:
    return " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))


@pytest.mark.parametrize(
    ("estimator", "grid", "scoring", "numbers", "words"),
    [
        (LOGISTIC, {"C": [1, -1, 2]}, {}, [1], "The 'C' parameter of LogisticRegression must be a float in the range"),
        (LOGISTIC, {"C": [-3, -2, -1, 2]}, {}, [0, 1, 2], "0: The 'C' parameter .* Got -3 instead. 1: The 'C'"),
        (
            LOGISTIC,
            {"solver": ["lbfgs", "liblinear"], "penalty": ["l1", "l2", "elasticnet"]},
            {},
            [0, 4, 5],
            "0: Solver lbfgs supports only 'l2' or None penalties, got l1 penalty.*5: Only 'saga' solver supports",
        ),
        (SGD, {"loss": ["hinge", "log_loss"]}, MEASURED, [0], "neg_log_loss needs predict_proba"),
        (SGD, {"alpha": [0.1, 1], "loss": ["hinge", "log_loss"]}, MEASURED, [0, 2], "0, 2: SGDClassifier with these"),
        (
            "sklearn.svm.SVC",
            {"kernel": ["linear", "cosine"], "C": [{"float": 1}]},
            {"metrics": ["f1", "roc_auc"]},
            [1],
            "'kernel' parameter of SVC must be",
        ),
    ],
)
def test_refused_cells_are_left_out_with_the_estimators_words(
    estimator: str, grid: dict[str, list[Any]], scoring: dict[str, Any], numbers: list[int], words: str
) -> None:
    text = script(estimator, [grid], scoring)
    ast.parse(text)
    assert left_out(text) == numbers
    with pytest.raises(ValueError, match=words):
        raise ValueError(comments(text))
    assert "GridSearchCV(pipeline, tried" in text


def test_numbers_are_those_of_the_whole_list_of_grids() -> None:
    grids: list[dict[str, list[Any]]] = [
        {"loss": ["hinge", "log_loss"], "alpha": [0.1, 1, 2]},
        {"loss": ["perceptron", "modified_huber"]},
    ]
    numbers = left_out(script(SGD, grids, MEASURED))
    cells = list(ParameterGrid(grids))
    assert [cells[number]["loss"] in ("hinge", "perceptron") for number in range(len(cells))] == [
        number in numbers for number in range(len(cells))
    ]


@pytest.mark.parametrize("seed", range(5))
def test_numbers_of_a_random_search_are_those_of_the_cells_as_they_are_drawn(seed: int) -> None:
    grid = {"loss": ["hinge", "log_loss"], "alpha": [0.1, 0.2, 1.5, 2.5]}
    text = script(SGD, [grid], MEASURED, algorithm="Random", cells=5, seed=seed)
    drawn = list(ParameterSampler([grid], 5, random_state=seed))
    assert left_out(text) == [number for number, cell in enumerate(drawn) if cell["loss"] == "hinge"]
    assert f"ParameterSampler(grid, 5, random_state={seed})" in text


@pytest.mark.parametrize(
    ("grid", "scoring"),
    [
        ({"loss": ["hinge", "log_loss"]}, {}),
        ({"alpha": [-1, -2]}, {}),  # nothing is left: the search itself says that every fit fails
    ],
)
def test_a_search_without_refused_cells_is_scikit_learns_plain_one(
    grid: dict[str, list[Any]], scoring: dict[str, Any]
) -> None:
    text = script(SGD, [grid], scoring)
    assert "LEFT_OUT" not in text
    assert "GridSearchCV(pipeline, grid" in text


def test_long_runs_of_numbers_are_written_as_ranges() -> None:
    grid = {"C": [-1, 1], "tol": [number / 1000 for number in range(1, 301)]}
    text = script(LOGISTIC, [grid], {})
    assert "LEFT_OUT = [*range(0, 300)]" in text
    assert left_out(text) == list(range(300))
