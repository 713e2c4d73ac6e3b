"""The parts of the page: each number against the library that defines it, each text read back."""

import math
import random
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gridfold_report import texts
from gridfold_report.figures.scale import scale_of
from gridfold_report.spec_text import yaml_text
from gridfold_report.standing import Standing, mean_interval
from tests.unit.report.runs import run

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), max_size=12),
    st.sampled_from(["yes", "null", "1e3", "~", "", " a", "a: b", "#", "- a", "é", "Standard", "0x1F", "file:a.csv"]),
)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("abc.:- 1", max_size=6), below, max_size=3),
    max_leaves=12,
)


def filled(value: Any) -> Any:
    """Return a document without nulls and empty maps in maps: they are left out."""
    if isinstance(value, dict):
        kept = {name: filled(below) for name, below in value.items()}
        return {name: below for name, below in kept.items() if below is not None and below != {}}
    return [filled(below) for below in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text("abcxyz.-", min_size=1, max_size=6), values, min_size=1, max_size=4))
def test_a_spec_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    wanted = filled(document)
    assert yaml.safe_load(yaml_text(document)) == (wanted or None)


@pytest.mark.parametrize("folds", [2, 3, 10, 50])
def test_the_interval_of_a_mean_is_scipys_with_the_corrected_error(folds: int) -> None:
    drawn = np.random.default_rng(folds).normal(0.8, 0.02, folds)
    error = math.sqrt((1 / folds + 0.25) * drawn.var(ddof=1))
    wanted = stats.t.interval(0.95, folds - 1, drawn.mean(), error)
    assert mean_interval(drawn.tolist(), 0.25) == pytest.approx(wanted, rel=1e-9)
    assert mean_interval([0.5] * folds, 0.25) is None


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_the_cells_that_cannot_be_told_apart_are_those_that_refit_counts(folds: int) -> None:
    drawn = random.Random(folds)
    table = {cell: [0.5 - cell / 100 + drawn.gauss(0, 0.02) for _ in range(folds)] for cell in range(40)}
    table[7][0] = math.nan
    found = Standing(
        run({"C": list(table)}, lambda fold, cell: table[cell["C"]][fold], folds=folds, spec={"crossValidation": {}})
    )
    scores = np.array(list(table.values()))
    best = int(np.nanargmax(scores.mean(axis=1)))
    differences = scores[best] - scores
    error = np.sqrt((1 / folds + found.test_share) * differences.var(axis=1, ddof=1))
    with np.errstate(invalid="ignore"):  # the best's own
        p = 2 * stats.t.sf(np.abs(differences.mean(axis=1) / error), folds - 1)
    assert found.equal == {cell for cell in table if p[cell] >= 0.05}
    assert found.test_share == 1 / (folds - 1)
    assert 0 < len(found.equal) < 39


def test_the_share_of_later_rows_is_that_of_the_splits() -> None:
    from sklearn.model_selection import TimeSeriesSplit

    splits = list(TimeSeriesSplit(4, gap=3, max_train_size=30).split(np.zeros(70)))
    wanted = sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits)
    spec = {"crossValidation": {"folds": 4, "gap": 3, "maxTrainSize": 30}}
    assert Standing(run(folds=4, spec=spec, resolved={"crossValidation": "TimeSeries"})).test_share == wanted


def test_the_cheapest_equal_is_the_fastest_of_those_that_cannot_be_told_apart() -> None:
    found = Standing(run({"C": [1, 2, 3]}, lambda fold, cell: [0.2, 0.8, 0.81][cell["C"] - 1] + fold * cell["C"] / 50))
    assert found.cheapest is not None
    assert (found.run.winner.index if found.run.winner else None, found.cheapest.index) == (2, 1)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_a_scale_has_ticks_at_round_places_inside_it(numbers: list[float]) -> None:
    scale = scale_of(numbers)
    assert scale.low < scale.high
    assert 1 <= len(scale.ticks) <= 6
    assert all(0 <= place <= 100 for place, _ in scale.ticks)
    assert len({text for _, text in scale.ticks}) == len(scale.ticks)


def test_a_few_hopeless_cells_do_not_push_all_others_together() -> None:
    scale = scale_of([0.0, 0.90, 0.92, 0.93, 0.94, 0.95])
    assert scale.low > 0.6
    assert scale.at(0.0) == 0.0


def test_no_interval_reaches_beyond_what_the_metric_can_be() -> None:
    found = Standing(run({"C": [1]}, lambda fold, _: [1.0, 0.7, 1.0, 1.0, 0.9][fold]))
    assert found.interval is not None
    assert 0 < found.interval[0] < found.interval[1] == 1.0


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (texts.score(-0.25), "−0.2500"),
        (texts.score(None), "–"),
        (texts.score(math.inf), "∞"),
        (texts.score(0.0), "0.0000"),
        (texts.mean_and_spread(0.5, 0.00001), "0.5000 ± 0.0000"),
        (texts.duration(0.0123), "12.3 ms"),
        (texts.duration(150), "2.5 min"),
        (texts.duration(9000), "2.5 h"),
        (texts.duration(math.nan), "–"),
        (texts.percent(0.999), "over 99\u00a0%"),
        (texts.percent(0.001), "under 1\u00a0%"),
        (texts.listed(["a", "b", "c"]), "a, b and c"),
        (texts.listed([]), ""),
    ],
)
def test_numbers_are_written_for_people(made: str, wanted: str) -> None:
    assert made == wanted
