"""Means, standard deviations and ranks against GridSearchCV's own code."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV

from gridfold_trainer.cells.results import mean_std
from gridfold_trainer.learning.ranking import means_and_stds, ranks, winner

SCORES = st.one_of(st.sampled_from([0.5, 0.25, 1 / 3, 0.1, None]), st.floats(0, 1))


@st.composite
def matrices(draw: st.DrawFn) -> list[list[float | None]]:
    """Scores of cells (rows) on splits (columns), with ties and failed fits."""
    splits = draw(st.integers(2, 30))
    return draw(st.lists(st.lists(SCORES, min_size=splits, max_size=splits), min_size=1, max_size=12))


def cv_results(scores: list[list[float | None]]) -> dict[str, np.ndarray]:
    """What GridSearchCV makes of these scores."""
    search = GridSearchCV(DummyClassifier(), {})
    out = [
        {"fit_time": 0.0, "score_time": 0.0, "test_scores": {"m": np.nan if score is None else score}}
        for row in scores
        for score in row
    ]
    candidates = [{"strategy": "prior"}] * len(scores)
    search.multimetric_, search.refit = True, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search._format_results(candidates, len(scores[0]), out)


@settings(max_examples=150, deadline=None)
@given(scores=matrices())
def test_means_stds_ranks_and_winner_are_those_of_cv_results(scores: list[list[float | None]]) -> None:
    theirs = cv_results(scores)
    means, stds = means_and_stds(scores)
    assert means.tobytes() == theirs["mean_test_m"].tobytes()
    assert stds.tobytes() == theirs["std_test_m"].tobytes()
    assert ranks(means).tolist() == theirs["rank_test_m"].tolist()
    assert ranks(means).dtype == np.int32
    if not np.isnan(means).all():
        assert winner(means) == theirs["rank_test_m"].argmin()


@settings(max_examples=100, deadline=None)
@given(scores=matrices())
def test_mean_and_std_of_one_cell_are_those_of_its_row_in_the_whole_matrix(scores: list[list[float | None]]) -> None:
    means, stds = means_and_stds(scores)
    for row, mean, std in zip(scores, means.tolist(), stds.tolist(), strict=True):
        assert mean_std(row) == ((None, None) if None in row else (mean, std))


def test_no_cell_wins_where_no_cell_has_a_mean() -> None:
    assert winner(np.array([np.nan, np.nan])) is None


def test_a_cell_without_a_mean_ranks_last_even_behind_a_score_of_zero() -> None:
    assert ranks(np.array([np.nan, 0.0, 0.5, np.nan])).tolist() == [3, 2, 1, 3]
