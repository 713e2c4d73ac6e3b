"""The figure of the learning curve: its lines, its gaps, its words."""

from typing import Any

import pytest

from gridfold.domain.learning_curve import Point, curve_document
from gridfold_report.figures.learning_curve import learning_curve
from tests.unit.report.runs import page, run
from tests.unit.report.test_page import text_of

RISING: dict[str, Any] = curve_document(
    [
        Point(10, [40, 40], [0.5, None], [1.0, None], "1 of 2 folds: ValueError: <one class>"),
        Point(25, [100, 100], [0.60, 0.62], [0.9, 0.9]),
        Point(50, [200, 200], [0.70, 0.71], [0.85, 0.85]),
        Point(100, [400, 400], [0.75, 0.77], [0.8, 0.8]),
    ],
    "f1",
    0.25,
)


def test_means_and_training_scores_are_lines_over_the_rows_and_each_fold_is_a_soft_one() -> None:
    figure = learning_curve(run(learningCurve=RISING))
    assert figure is not None
    styles = [(line.name, line.style) for line in figure.plot.lines]
    assert styles == [
        ("each fold", "soft"),
        ("each fold", "soft"),
        ("on rows fitted on", "second"),
        ("on rows not seen", "main"),
    ]
    main = figure.plot.lines[-1].points.split()
    assert [point.split(",")[0] for point in main] == ["25", "50", "100"]
    heights = [float(point.split(",")[1]) for point in main]
    assert heights == sorted(heights, reverse=True)  # y grows downwards
    assert len(figure.plot.dots) == 3


def test_the_numbers_are_a_table_and_a_point_without_a_score_is_a_gap_with_its_reason() -> None:
    figure = learning_curve(run(learningCurve=RISING))
    assert figure is not None
    assert figure.plot.rows[0] == ("10 %", "40", "–", "–", "–")
    assert figure.plot.rows[-1] == ("100 %", "400", "0.7600", "0.0100", "0.8000")
    assert figure.gaps == ["10 % has no score: 1 of 2 folds: ValueError: <one class>"]


def test_a_line_is_broken_where_a_point_has_no_score() -> None:
    points = [Point(size, [size], [None if size == 50 else size / 200]) for size in (25, 50, 75, 100)]
    figure = learning_curve(run(learningCurve=curve_document(points, "f1", 0.2)))
    assert figure is not None
    assert [line.points.count(",") for line in figure.plot.lines if line.style == "main"] == [1, 2]


def test_the_page_asks_and_answers_the_question_and_is_the_same_twice() -> None:
    made = page(learningCurve=RISING)
    text = text_of(made)
    assert "Would more rows help?" in text and f"D{RISING['verdict'][1:]}." in text
    assert "1 of 2 folds: ValueError: &lt;one class&gt;" in made and "<one class>" not in made
    assert page(learningCurve=RISING) == made


@pytest.mark.parametrize("found", [None, {}, {"points": []}, {"points": "text"}, {"points": [{"rows": []}]}, "text"])
def test_a_run_without_a_curve_or_with_one_of_another_form_has_no_figure(found: Any) -> None:
    assert learning_curve(run(learningCurve=found)) is None
    assert "Would more rows help?" not in page(learningCurve=found)


def test_scores_that_are_all_equal_are_drawn() -> None:
    points = [Point(size, [size], [0.5], [0.5]) for size in (50, 100)]
    assert "0.5000" in page(learningCurve=curve_document(points, "f1", 0.2))
