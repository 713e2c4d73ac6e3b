"""The page about a run: what it says of runs of every kind, and that it is the same each time."""

import json
import math
import re
from html import unescape
from typing import Any

import pytest

from gridfold_report import read, render, summary
from tests.unit.report.runs import beside, files, page, run, selected

MEGABYTE = 1_000_000
LOST = ("failed", "FitFailed: it would not converge")
REFUSED = ("infeasible", "InvalidParameterError: C must be positive")


def text_of(html: str) -> str:
    """Return what can be read, on one line."""
    body = re.sub(r"(?s)<(style|script)>.*?</\1>", "", html)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_first_screen_says_how_good_how_sure_and_what_next() -> None:
    said = text_of(page())
    assert re.search(r"SVC reaches f1 0\.7\d+ in cross.validation and meets the target\.", said)
    assert re.search(r"\d of the 5 other cells cannot be told apart from it|None of the other 5 cells", said)
    for words in ("Winner: cell", "Cross-validation", "Validation 0.7500", "Test 0.7500 0.6000 to 0.9000", "Next"):
        assert words in said


def test_the_same_run_gives_the_same_bytes_whatever_its_files_are_called() -> None:
    status, results = files()
    named = json.dumps({**json.loads(status), "files": {"results.csv": {"sha256": "0" * 64}}}).encode()
    assert render(read(status, results)) == render(read(named, results))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"grid": {"C": [1]}}, "The best cell, fold by fold", id="one cell"),
        pytest.param({"grid": {"C": [1]}, "ends": {0: LOST}}, "The one cell of SVC has no score", id="one, failed"),
        pytest.param(
            {"ends": dict.fromkeys(range(6), REFUSED)},
            "None of the 6 cells has a score, 6 of them because the estimator refuses",
            id="no winner",
        ),
        pytest.param(
            {"ends": dict.fromkeys(range(5), LOST)}, "the only one of 6 cells that has a score", id="mostly failed"
        ),
        pytest.param({"score": lambda *_: 0.5}, "None of the other 5 cells can be told apart", id="all equal"),
        pytest.param({"score": lambda *_: 0.0}, "f1 0.0000", id="all nothing"),
        pytest.param({"score": lambda fold, _: math.nan if fold == 2 else 0.5}, "no winner", id="a fold without"),
        pytest.param({"score": lambda *_: -math.inf}, "no winner", id="infinite"),
        pytest.param({"score": lambda fold, cell: -1e300 * fold - cell["C"]}, "f1 −2e+300", id="huge"),
        pytest.param({"score": lambda *_: -1e-9}, "f1 −1e-09", id="tiny"),
        pytest.param({"folds": 1}, "Each dot is f1 on one of 1 folds", id="one fold"),
        pytest.param({"grid": {"C": [1, 2], "x": [3]}, "folds": 2}, "The best 2 cells", id="two folds"),
        pytest.param({"dataset": None, "versions": None, "resolved": None, "spec": None}, "kept no spec", id="old"),
        pytest.param({"metrics": [f"metric{n}" for n in range(20)], "spec": {}}, "results.csv", id="many metrics"),
        pytest.param({"grid": {f"p{n}": [0, 1] if n < 3 else [1] for n in range(100)}}, "p2", id="many parameters"),
        pytest.param({"grid": {"C": ["", "0.5", "null"]}}, "null", id="a parameter that not all have"),
    ],
)
def test_a_run_of_any_kind_has_a_page(options: dict[str, Any], words: str) -> None:
    html = page(**options)
    assert words in text_of(html)
    assert "nan" not in text_of(html).lower()


@pytest.mark.parametrize("status", ["{}", '{"objective": null}', '{"best": null, "test": {}, "spec": {}}'])
def test_a_status_of_which_little_is_left_has_a_page(status: str) -> None:
    _, results = files()
    assert b"</html>" in render(read(status.encode(), results))


def test_a_table_without_rows_has_a_page() -> None:
    assert b"</html>" in render(read(b"{}", b"index\n"))


def test_ten_thousand_cells_are_less_than_a_megabyte_and_say_where_the_rest_is() -> None:
    axes = {f"parameter_{axis}": [number / 7 for number in range(10)] for axis in range(4)}
    html = page(axes, lambda fold, cell: 0.9 + fold / 1e4 - sum(cell.values()) / 100)
    assert len(html.encode()) < MEGABYTE
    assert "The best 500 of 10000 cells" in text_of(html)


def test_what_the_run_was_made_of_is_said() -> None:
    dataset = {"rows": 1234, "columns": 3, "classes": None, "droppedRows": {"duplicates": 5}, "digest": "sha256:ab"}
    said = text_of(page(dataset=dataset, blas={"name": "openblas", "architecture": "Zen"}, threads=2))
    for words in ("All 1,234", "Target a number", "Dropped rows, duplicates 5", "Prepared data sha256:ab"):
        assert words in said
    assert "BLAS openblas Zen Threads of a fit 2" in said


def test_the_line_for_a_terminal_is_one_line() -> None:
    said = summary(run({"C": [1, 2]}, estimator="sklearn.\n\x1b[31mSVC\u202e"))
    assert said.isprintable()
    assert "\\u001b[31mSVC\\u202e reaches f1" in said


def test_nothing_is_asked_of_anybody() -> None:
    html = page()
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;" in html
    assert not re.search(r"(src|href)=.(?!#)|url\(|@import|https?:", html)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"score": lambda fold, cell: cell["C"] / 100}, "The winner is at the edge of C C = 10 is the largest of 3"),
        ({"score": lambda fold, cell: -cell["C"]}, "C = 0.1 is the smallest of 3 values tried. Try C = 0.01, too"),
        ({"score": lambda fold, cell: cell["C"] / 100 + fold / 1e3}, "kind has no effect Its 2 values make"),
        ({"score": lambda fold, cell: 0.5 - (fold == 3) / 3}, "Fold 3 is out of line The best 6 cells have f1 0.1667"),
        ({"test": {"openings": 3}}, "3 different models have been scored on it"),
        (
            {"test": {"scores": {"f1": 0.2}, "intervals": {"f1": [0.1, 0.3]}, "openings": 1}},
            "The test part is worse than the folds",
        ),
        ({"notes": ["the winner answers one class."]}, "The winner answers one class."),
        ({"headline": "4 of 6 cells are infeasible"}, "Cells that the estimator refuses 4 of 6 cells"),
    ],
)
def test_what_changes_a_decision_is_said_above_everything_else(options: dict[str, Any], words: str) -> None:
    said = text_of(page(**options))
    assert words in said
    assert said.index(words) < said.index("fold by fold")


def test_the_winner_stands_beside_a_dummy_and_the_defaults() -> None:
    dummy, defaults = beside(0.25, (0.4, 0.6), answer='"no"'), beside(0.74, (-0.01, 0.03), cell=3)
    said = unescape(text_of(page(**selected(dummy=dummy, defaults=defaults))))
    assert 'A dummy that always answers "no" 0.2500 The winner has +0.500 [+0.400, +0.600].' in said
    assert (
        "The estimator's defaults, cell 3 0.7400 The winner has +0.010 [−0.010, +0.030], which cannot be told" in said
    )
    assert "Not better than a dummy" not in said
    said = unescape(text_of(page(**selected(dummy=dummy))))
    assert "The estimator's defaults – Not known: add {} to spec.search.grid to have them as a cell." in said
    assert "What learning and tuning brought" not in text_of(page()), "an older run knows neither"


@pytest.mark.parametrize(("mean", "interval"), [(0.74, (-0.01, 0.03)), (0.9, (-0.2, -0.1)), (0.75, None), (0.8, None)])
def test_a_winner_that_is_no_better_than_a_dummy_is_the_first_thing_to_know(
    mean: float, interval: tuple[float, float] | None
) -> None:
    said = unescape(text_of(page(**selected(dummy=beside(mean, interval, answer='"no"')))))
    before = said.split("fold by fold")[0]
    assert f'Not better than a dummy Always answering "no" has f1 {mean:.4f} on the same folds' in before
    assert "Next Do not use it yet" in before


def test_a_winner_that_is_better_on_every_fold_needs_no_interval_and_a_dummy_without_a_score_says_nothing() -> None:
    unknown = {**beside(0.1, answer='"no"'), "mean": None, "gain": None}
    for dummy in (beside(0.7, answer='"no"'), unknown):
        assert "Not better than a dummy" not in text_of(page(**selected(dummy=dummy)))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"training": {"f1": 0.875}}, True),
        ({"training": {"f1": 0.8125}}, False),
        ({"training": {"f1": 1.0}, "estimator": "sklearn.ensemble.RandomForestClassifier"}, False),
        ({"training": {"f1": 1.0}, "estimator": "sklearn.ensemble.GradientBoostingClassifier"}, True),
        ({"training": {"f1": 1.0}, "estimator": "sklearn.neighbors.KNeighborsClassifier"}, False),
        ({"training": {"f1": None}}, False),
        ({"training": None}, False),
        ({"training": {"f1": 1.0}, "validation": {"f1": None}}, False),
        ({"training": {"f1": 1.0}, "validation": {}}, False),
    ],
)
def test_a_fit_that_knows_its_own_rows_much_better_than_others_is_told(more: dict[str, Any], told: bool) -> None:
    said = text_of(page(**more))
    assert ("It learns its rows by heart One and the same fit has f1 " in said) is told


def test_a_loss_has_no_bound_that_says_what_much_better_is() -> None:
    losses = {"training": {"neg_log_loss": -0.1}, "validation": {"neg_log_loss": -4.0}}
    assert "by heart" not in text_of(page(metrics=("neg_log_loss",), **losses))


@pytest.mark.parametrize(
    ("split", "words"), [("TimeOrdered", "the latest"), ("Grouped", "more groups"), ("Random", "belong")]
)
def test_why_the_test_part_is_worse_depends_on_what_it_is(split: str, words: str) -> None:
    test = {"scores": {"f1": 0.2}, "intervals": {"f1": [0.1, 0.3]}, "openings": 1}
    assert words in text_of(page(test=test, resolved={"split": split}))


def test_at_most_five_cautions_stand_above_and_the_others_under_data() -> None:
    html = page(notes=[f"something {number} is odd" for number in range(9)], score=lambda *_: 0.5)
    first, rest = text_of(html).split("fold by fold")
    assert len(re.findall("<h3>", html.split("</ol>", 1)[0])) == 5
    assert "Something 8 is odd" not in first
    assert "Something 8 is odd" in rest
