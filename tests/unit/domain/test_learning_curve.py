"""What is said of a learning curve, read as a specification."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gridfold.domain.learning_curve import Point, curve_document, curve_lines, curve_status
from gridfold.domain.numbers.gain import gain
from gridfold.domain.numbers.student import critical

RISING = [
    Point(10, [8, 8, 8], [0.5, None, 0.5], [1.0, None, 1.0], "1 of 3 folds: ValueError: one class"),
    Point(50, [40, 40, 41], [0.70, 0.71, 0.72], [0.9, 0.9, 0.9]),
    Point(100, [80, 80, 82], [0.80, 0.82, 0.82], [0.9, 0.9, 0.9]),
]


def verdict(half: list[float | None], whole: list[float | None], fraction: int = 50, unit: str = "rows") -> str:
    points = [Point(fraction, [4] * len(half), half), Point(100, [8] * len(half), whole)]
    text: str = curve_document(points, "f1", 0.25, unit)["verdict"]
    return text


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 99])
def test_the_ends_of_intervals_are_those_of_students_t(degrees: int) -> None:
    assert critical(0.05, degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-10)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=12), st.floats(0.01, 1))
def test_the_interval_leaves_out_nothing_exactly_where_the_test_finds_a_difference(
    pairs: list[tuple[float, float]], test_share: float
) -> None:
    fewer, more = ([pair[side] for pair in pairs] for side in (0, 1))
    found = gain(fewer, more, test_share)
    assert found is not None
    if found.interval is None:
        return
    differences = [b - a for a, b in pairs]
    error = math.sqrt((1 / len(pairs) + test_share) * stats.tvar(differences))
    p = 2 * stats.t.sf(abs(found.value) / error, len(pairs) - 1)
    if abs(p - 0.05) > 1e-6:
        assert (found.sign != 0) == (p < 0.05)


def test_the_document_tells_of_the_last_doubling_and_of_every_split() -> None:
    document = curve_document(RISING, "f1", 0.5)
    differences = [b - a for a, b in zip((0.70, 0.71, 0.72), (0.80, 0.82, 0.82), strict=True)]
    away = stats.t.ppf(0.975, 2) * math.sqrt((1 / 3 + 0.5) * stats.tvar(differences))
    found = document["gain"]
    assert (found["from"], found["value"]) == (50, pytest.approx(sum(differences) / 3))
    assert found["interval"] == pytest.approx((found["value"] - away, found["value"] + away))
    told = "doubling the rows brought f1 +0.103 [+0.081, +0.126]"
    assert document["verdict"] == f"{told}: more rows of this kind would probably help"
    assert document["points"][0]["mean"] is None and document["points"][2]["rows"] == [80, 80, 82]


@pytest.mark.parametrize(
    ("said", "half", "whole", "fraction", "unit"),
    [
        ("doubling the rows brought f1 +0.000; nothing can be said of how sure", [0.5, 0.6], [0.5, 0.6], 50, "rows"),
        ("doubling the rows brought f1 +0.100; nothing can be said", [0.5], [0.6], 50, "rows"),
        ("all groups instead of 40 % brought f1 +0.005 [", [0.5, 0.6], [0.6, 0.51], 40, "groups"),
        ("that cannot be told from nothing", [0.5, 0.6], [0.6, 0.51], 50, "rows"),
        ("the model is worse with more rows", [0.8, 0.81, 0.8], [0.5, 0.52, 0.51], 50, "rows"),
        ("f1 +1.0e-05", [0.5, 0.6], [0.50001, 0.60001], 50, "rows"),
        ("100 % of the rows cannot be compared with 25 %, which has no score", [0.5, None], [0.6, 0.6], 25, "rows"),
    ],
)
def test_the_verdict(said: str, half: list[float | None], whole: list[float | None], fraction: int, unit: str) -> None:
    assert said in verdict(half, whole, fraction, unit)


def test_status_and_terminal_show_points_and_gaps() -> None:
    shown = curve_status(curve_document(RISING, "f1", 0.5))
    assert shown is not None
    assert (shown.from_fraction, shown.gain, shown.gain_interval) == (50, "0.1033", ["0.0807", "0.1260"])
    assert [(point.fraction, point.rows, point.score, point.train_score) for point in shown.points] == [
        (10, 8, None, None),
        (50, 40, "0.7100", "0.9000"),
        (100, 81, "0.8133", "0.9000"),
    ]
    lines = dict(curve_lines(shown))
    assert lines["More rows"] == shown.verdict
    assert [text for title, text in curve_lines(shown) if not title] == [
        "by part of the rows: 50 % 0.7100, 100 % 0.8133",
        "10 % has no score: 1 of 3 folds: ValueError: one class",
    ]
    assert list(curve_lines(curve_status(None))) == []
