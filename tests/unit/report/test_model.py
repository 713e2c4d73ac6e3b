"""What is drawn of the winner, from plots.json and the confusion counts: of every kind, and of none."""

import json
from typing import Any

import pytest

from gridfold.api.plots import Plots
from gridfold_report import read, render
from gridfold_report.figures.matrix import MOST_CLASSES, matrix
from gridfold_report.figures.model import model_figures
from gridfold_report.figures.plot import SHARES, steps
from tests.unit.report.runs import files, page, run
from tests.unit.report.test_page import MEGABYTE, text_of

CURVE = {"recall": [1.0, 0.5, 0.0], "precision": [0.25, 0.75, 1.0]}
SURE = {"value": 0.5, "low": 0.25, "high": 0.75}
BINARY: dict[str, Any] = {
    "folds": [CURVE, CURVE],
    "pooled": CURVE,
    "baseRate": 0.25,
    "thresholds": {
        "part": "validation",
        "threshold": [0.1, 0.9],
        "precision": [0.3, 0.9],
        "recall": [1.0, 0.2],
        "f1": [0.5, 0.3],
        "used": 0.5,
    },
    "calibration": [{"predicted": 0.2, "observed": 0.3, "low": 0.1, "high": 0.5, "rows": 1234}],
}
MANY: dict[str, Any] = {
    "classes": [
        {"label": f"class {n}", "support": n, "precision": None, "recall": SURE, "f1": n / 200} for n in range(200)
    ]
}
REGRESSION: dict[str, Any] = {
    "predictedActual": {"edges": [-1e9, 0, 1e9], "counts": [[3, 0], [1, 2000]]},
    "residuals": [{"predicted": -5.0, "quantiles": [-3, -1, 0, 1, 9], "rows": 7}],
}


@pytest.mark.parametrize(
    ("plots", "words"),
    [
        (
            BINARY,
            ["Precision and recall", "By chance it would be 25", "on the validation part", "0.1000 to 0.5000 1,234"],
        ),
        (MANY, ["Class by class", "class 0 0", "And 180 classes that fare better"]),
        (REGRESSION, ["Predicted against actual 2,004 rows", "Where it errs", "−5.0000 7"]),
        ({}, ["How to predict"]),
        ({"format": 2, "folds": "another meaning"}, ["How to predict"]),
        ({"folds": [CURVE], "unknown": 1}, ["Precision and recall"]),
    ],
)
def test_each_kind_of_model_is_drawn_as_far_as_there_is_something_to_draw(plots: Any, words: list[str]) -> None:
    said = text_of(page(plots=plots))
    for wanted in words:
        assert wanted in said


def test_plots_that_are_no_json_leave_the_page_as_it_is() -> None:
    assert render(read(*files(), b"\xff{")) == render(read(*files()))


def test_between_two_points_of_precision_and_recall_nothing_is_sloped() -> None:
    drawn = steps([(0.0, 1.0), (0.5, 0.75), (1.0, 0.25)], SHARES, SHARES)
    assert drawn == "0,0 0,25 50,25 50,75 100,75"


def test_the_confusion_of_validation_and_test_is_counted_and_shared_by_row() -> None:
    found = {"classes": ["no", "yes"], "validation": [[9, 1], [0, 0]], "test": [[4, 0], [2, 2]]}
    first, second = model_figures(run(confusion=found)).matrices
    assert (first.title, second.title) == ("Validation part", "Test part")
    assert [[(square.count, square.share) for square in row] for row in first.rows] == [
        [(9, "90\u00a0%"), (1, "10\u00a0%")],
        [(0, "0\u00a0%"), (0, "0\u00a0%")],
    ]
    assert "What it takes for what" in text_of(page(confusion=found))


@pytest.mark.parametrize("confusion", [None, {}, {"validation": None}, {"classes": ["a"], "validation": [[1], [2]]}])
def test_counts_that_are_not_there_are_not_drawn(confusion: Any) -> None:
    assert not model_figures(run(confusion=confusion)).matrices


def test_of_two_hundred_classes_the_twenty_worst_are_drawn() -> None:
    counts = [[(200 - row if row == column else int(column == 0)) for column in range(200)] for row in range(200)]
    found = matrix("Test part", [str(number) for number in range(200)], counts)
    assert (len(found.rows), found.left_out) == (MOST_CLASSES, 180)
    assert found.labels[-1] == "199"
    made = page(confusion={"classes": [f"c{n}" for n in range(200)], "validation": counts, "test": counts}, plots=MANY)
    assert len(made) < MEGABYTE / 4


def test_a_document_as_large_as_its_bounds_is_drawn_within_the_page() -> None:
    share = [number / 200 for number in range(200)]
    curve = {"recall": share, "precision": share}
    grid = {"edges": list(range(41)), "counts": [[1] * 40] * 40}
    whole = {"folds": [curve] * 100, "pooled": curve, "predictedActual": grid, **MANY}
    assert Plots.model_validate_json(json.dumps(whole)).pooled
    assert len(page(plots=whole)) < MEGABYTE
