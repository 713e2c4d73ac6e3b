"""What the winner is worth: as a document, in the status, in the lines of a terminal."""

import pytest

from gridfold.api.selection import BaselineStatus
from gridfold.domain.baselines import Baseline, baseline_document, baseline_lines, baseline_status, gain_of

WINNER = [0.9, 0.8, 0.85]


def shown(found: Baseline, winner: list[float] = WINNER) -> BaselineStatus | None:
    return baseline_status(baseline_document(found, winner, "f1", 0.5))


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ([0.5, 0.44, 0.41], "the winner has +0.400 [+0.243, +0.557]"),
        ([0.9, 0.7, 0.86], "the winner has +0.030 [-0.209, +0.269], which cannot be told from nothing"),
        ([0.99, 0.9, 0.93], "the winner has -0.090 [-0.129, -0.051]: the winner is worse"),
        (WINNER, "the winner has the same on every fold"),
        ([0.8, 0.7, 0.75], "the winner has +0.100 on every fold"),
    ],
)
def test_what_the_winner_has_more_is_told_with_how_sure_that_is(folds: list[float], words: str) -> None:
    status = shown(Baseline({"f1": folds}, answer='"no"'))
    assert status is not None
    assert status.verdict == words
    lines = list(baseline_lines(status, None, "f1"))
    assert lines == [("Dummy", f'always answering "no": f1 {status.score}; {words}')]


def test_the_defaults_are_told_with_their_cell_where_the_grid_has_them() -> None:
    own, other = (shown(Baseline({"f1": WINNER}, cell=cell)) for cell in (4, None))
    assert [text for _, text in baseline_lines(None, own, "f1")] == [
        "not tuned at all (cell 4): f1 0.8500; the winner has the same on every fold"
    ]
    assert "tuned at all: f1" in next(iter(baseline_lines(None, other, "f1")))[1]


def test_a_baseline_that_lacks_a_fold_has_no_mean_and_is_not_shown() -> None:
    document = baseline_document(Baseline({"f1": [0.1, None, 0.2], "accuracy": [0.1, 0.2, 0.3]}), WINNER, "f1", 0.5)
    assert (document["mean"], gain_of(document)) == (None, None)
    assert document["scores"]["accuracy"]["mean"] == pytest.approx(0.2)
    assert document["folds"] == [0.1, None, 0.2]
    assert baseline_status(document) is None
    assert baseline_status(None) is None
    assert not list(baseline_lines(None, None, "f1"))


def test_a_label_as_long_as_anyone_likes_is_cut() -> None:
    status = shown(Baseline({"f1": [0.1, 0.2, 0.3]}, answer="x" * 5000))
    assert status is not None
    assert status.answer == "x" * 255 + "…"


def test_no_character_of_a_label_moves_a_terminal() -> None:
    status = shown(Baseline({"f1": [0.1, 0.2, 0.3]}, answer='"\x9b2J\u202ey"'))
    assert status is not None
    assert status.answer == '"\\u009b2J\\u202ey"'
