"""A cell's result as an object: exact floats, strict reading."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.handoff import Outcome
from gridfold_trainer.learning import results
from gridfold_trainer.learning.results import CellResult, Recorded

KEY = "ab" * 32
RECORDED = Recorded(versions={"numpy": "2"}, blas={"name": "openblas"}, threads=1, data="sha256:0", split="sha256:1")


def result(**changes: Any) -> CellResult:
    fields: dict[str, Any] = {
        "key": KEY,
        "estimator": "sklearn.svm.SVC",
        "parameters": {"C": 1.0, "gamma": None, "n": 1, "deep": [1, {"a": 2.5}]},
        "preprocessing": {"numeric": {"impute": "None", "scale": "Standard"}},
        "outcome": Outcome.SUCCEEDED,
        "scores": {"f1": [0.5, 0.25]},
        "fit_seconds": [1.0, 2.0],
        "score_seconds": [0.1, 0.2],
        "recorded": RECORDED,
    }
    return CellResult(**{**fields, **changes})


@given(scores=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_float_comes_back_to_the_last_bit(scores: list[float]) -> None:
    stored = result(scores={"f1": scores}, fit_seconds=scores, score_seconds=scores)
    loaded = results.load(stored.to_bytes(), KEY)
    assert loaded is not None
    assert [score.hex() for score in loaded.scores["f1"] if score is not None] == [score.hex() for score in scores]


def test_types_of_parameters_come_back_as_they_were() -> None:
    loaded = results.load(result().to_bytes(), KEY)
    assert loaded is not None
    assert json.dumps(loaded.parameters) == '{"C": 1.0, "gamma": null, "n": 1, "deep": [1, {"a": 2.5}]}'


def test_a_result_of_another_key_is_none() -> None:
    assert results.load(result().to_bytes(), "cd" * 32) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"scores": {"f1": [0.5, None]}},
        {"scores": {"f1": [0.5, None], "recall": [0.5, None]}},
        {"scores": {}},
        {"scores": {"f1": [0.5]}},
        {"scores": {"f1": [0.5, 0.5], "recall": [0.5]}},
        {"fitSeconds": [1.0]},
        {"scores": {"f1": ["0.5", 0.5]}},
        {"scores": {"f1": [True, 0.5]}},
        {"outcome": "lost"},
        {"format": 2},
        {"key": "x"},
        {"surprise": 1},
        {"recorded": {}},
        {"message": "x" * 9000},
        {"parameters": {f"p{number}": 0 for number in range(201)}},
    ],
)
def test_what_is_not_a_whole_valid_result_is_none(changes: dict[str, Any]) -> None:
    document = {**json.loads(result().to_bytes()), **changes}
    assert results.load(json.dumps(document).encode(), KEY) is None


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{", b"\xff", b'{"format": 1}', b" " * (results.RESULT_BYTES + 1)]
)
def test_what_is_not_a_result_at_all_is_none(data: bytes) -> None:
    assert results.load(data, KEY) is None


def test_the_report_has_means_of_whole_columns_only_and_sums_the_fits() -> None:
    failed = result(
        outcome=Outcome.FAILED, scores={"f1": [0.5, None], "recall": [0.0, 1.0]}, fit_seconds=[1.5, None], message="why"
    )
    report = results.to_report(failed, 7, "f1", reused=True)
    assert report.scores == {"f1": (None, None), "recall": (0.5, 0.5)}
    assert (report.cell, report.fit_seconds, report.message, report.reused) == (7, 1.5, "why", True)
    assert not math.isnan(report.fit_seconds)


def test_a_metric_without_a_value_on_a_fold_fails_the_cell_only_where_it_decides() -> None:
    stored = result(scores={"f1": [0.5, 0.25], "roc_auc": [None, 0.5]})
    assert results.load(stored.to_bytes(), KEY) == stored
    assert stored.outcome_for("f1") is Outcome.SUCCEEDED
    assert stored.outcome_for("roc_auc") is stored.outcome_for("accuracy") is Outcome.FAILED
    assert results.to_report(stored, 0, "roc_auc", reused=False).outcome is Outcome.FAILED
