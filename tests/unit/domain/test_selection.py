"""What is said of a choice: in the status, and in the lines of a terminal."""

from typing import Any

import pytest

from gridfold.api.selection import CheapestEqual, EdgeStatus, ParameterShare, SelectionStatus
from gridfold.api.v1alpha1 import Scoring
from gridfold.domain.numbers.choosing import BEST, Choice, Simplest
from gridfold.domain.numbers.summary import Question, selection_document
from gridfold.domain.selection import choice_of, selection_lines, selection_status
from tests.unit.domain.numbers.cells import NAN, of_scores, product


def lines(selection: SelectionStatus | None) -> list[str]:
    return [f"{title}: {text}" for title, text in selection_lines(selection, "f1", "0.9000")]


def test_a_choice_is_read_from_the_spec() -> None:
    assert choice_of(Scoring()) == BEST
    simplest = [{"parameter": "max_depth", "prefer": "Lowest"}, {"parameter": "alpha", "prefer": "Highest"}]
    scoring = Scoring.model_validate({"select": "OneStandardError", "simplest": simplest})
    assert choice_of(scoring) == Choice((Simplest("max_depth"), Simplest("alpha", highest=True)))


def test_all_numbers_of_a_search_stand_in_the_status() -> None:
    cells = of_scores((0.6, 0.9), (0.7, 0.8), (0.1, 0.2), seconds=(2.5, 0.0125))
    document = selection_document(cells, Question(test_share=1))
    shown = selection_status(document)
    assert document is not None
    assert document["honest"]["chosen"] == [0, 1]
    assert shown == SelectionStatus(
        honest_score="0.7000",
        optimism="0.0500",
        cheapest_equal=CheapestEqual(cell=1, fit_seconds="0.0125", winner_fit_seconds="2.5"),
        importance=[ParameterShare(parameters=["C"], share="1.000")],  # the better half are equal
    )


def test_without_a_winner_there_is_nothing_to_say() -> None:
    assert selection_document(of_scores((NAN, 1.0)), Question(test_share=1)) is None
    assert selection_status(None) is None
    assert lines(None) == []


def test_a_simpler_winner_names_the_cell_with_the_highest_mean() -> None:
    cells = of_scores((0.7, 0.8), (0.6, 0.9), (0.2, 0.1), seconds=(1.0, 1.0, 1.0))
    document = selection_document(cells, Question(test_share=1, choice=Choice((Simplest("C"),))))
    shown = selection_status(document)
    assert shown is not None
    assert shown.highest_cell is None  # as high as the best one, and before it
    cells = of_scores((0.7, 0.8), (0.6, 0.94), (0.2, 0.1))
    shown = selection_status(selection_document(cells, Question(1, choice=Choice((Simplest("C"),)))))
    assert shown is not None
    assert shown.highest_cell == 1
    assert lines(shown)[0] == "Chosen: the simplest cell within one standard deviation of cell 1, the best"


@pytest.mark.parametrize(
    ("axes", "means", "about"),
    [
        ({"a": [1, 2], "b": [1, 2]}, [0.1, 0.2, 0.3, 0.4], None),
        (
            {"a": [1, 2, 3], "b": [1, 2, 3]},
            [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, NAN],
            "of 6 of 9 cells: without a 3",
        ),
        ({"a": [1, 2]}, [0.5, 0.5], "not told: all scores are equal"),
    ],
)
def test_importance_says_which_cells_it_is_about(axes: Any, means: list[float], about: str | None) -> None:
    cells = product(axes, means)
    shown = selection_status(selection_document(cells, Question(test_share=1)))
    assert shown is not None
    if about and "without" in about:  # either axis may lose its value
        assert shown.importance_about in {about, about.replace("a 3", "b 3")}
    else:
        assert shown.importance_about == about
    assert bool(shown.importance) == (about is None or "without" in about)


def test_names_and_numbers_of_parameters_are_bounded() -> None:
    axes = {f"{number}" + "x" * 400: [0.1, 1] for number in range(7)}
    cells = product(axes, [float(n % 13) for n in range(128)])
    shown = selection_status(selection_document(cells, Question(test_share=1)))
    assert shown is not None
    assert len(shown.importance) == len(shown.edges) == 5
    SelectionStatus.model_validate(shown.document())


FULL = SelectionStatus(
    honest_score="0.8800",
    optimism="0.0200",
    cheapest_equal=CheapestEqual(cell=3, fit_seconds="0.2", winner_fit_seconds="1.4"),
    edges=[EdgeStatus(parameter="C", value="10", side="Highest", values=3, try_next="100")] * 5,
    importance=[
        ParameterShare(parameters=["C"], share="0.954", better_half="0.182"),
        ParameterShare(parameters=["C", "gamma"], share="0.031"),
    ],
    importance_about="of 6 of 9 cells: without C 3",
)


def test_what_changes_a_decision_is_a_line_each() -> None:
    assert lines(FULL) == [
        "Honest: f1 0.8800, where the choice has not seen what it is scored on (the winner's mean: 0.9000)",
        "Faster: cell 3 cannot be told apart from the winner, and fits in 0.2 s instead of 1.4 s",
        *["Edge: C=10 is the highest of 3 values tried: try 100, too"] * 3,
        "Mattered: C 95% (better half: 18%), C × gamma 3% (of 6 of 9 cells: without C 3)",
    ]


def test_what_changes_none_is_not_said() -> None:
    quiet = SelectionStatus(
        honest_score="0.9000",
        optimism="0.0000",
        cheapest_equal=CheapestEqual(cell=3, fit_seconds="0.95", winner_fit_seconds="1"),
        importance=[ParameterShare(parameters=["C"], share="1.000")],
    )
    assert lines(quiet) == lines(SelectionStatus()) == []
