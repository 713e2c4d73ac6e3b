"""A cell's result as an object: exact floats, strict reading."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.handoff import Outcome
from gridfold.domain.keys import digest
from gridfold_trainer.cells import results
from gridfold_trainer.cells.results import CellResult, Recorded

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


def resealed(**changes: Any) -> bytes:
    """Return a stored result with other fields whose digest is right: what somebody makes who knows how."""
    document = {**json.loads(result().to_bytes()), **changes}
    del document["digest"]
    return json.dumps({**document, "digest": digest(document)}).encode()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value of a document that holds no other."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield path
        return
    for name, item in inside:
        yield from leaves(item, (*path, name))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with another value at the end of the way."""
    copy = json.loads(json.dumps(document))
    place = copy
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return copy


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


def test_scores_on_the_rows_of_the_fits_come_back_and_where_there_are_none_there_is_no_word_of_them() -> None:
    stored = result(train_scores={"f1": [1.0, None]})
    loaded = results.load(stored.to_bytes(), KEY)
    assert loaded is not None
    assert loaded.train_scores == {"f1": [1.0, None]}
    assert loaded.every_score == {"f1": [0.5, 0.25], "train_f1": [1.0, None]}
    assert b"train" not in result().to_bytes()
    assert results.load(resealed(trainScores={"f1": [1.0]}), KEY) is None, "another number of splits"


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
        {"format": 1},
        {"key": "x"},
        {"surprise": 1},
        {"recorded": {}},
        {"message": "x" * 9000},
        {"parameters": {f"p{number}": 0 for number in range(201)}},
    ],
)
def test_what_is_not_a_whole_valid_result_is_none(changes: dict[str, Any]) -> None:
    assert results.load(resealed(**changes), KEY) is None


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


def test_a_result_that_is_sealed_again_is_valid_so_that_the_tests_above_try_more_than_the_digest() -> None:
    assert results.load(resealed(), KEY) == result()


@pytest.mark.parametrize(
    "path", list(leaves(json.loads(result().to_bytes()))), ids=lambda path: ".".join(map(str, path))
)
@pytest.mark.parametrize("value", [0.75, 1, True, None, "other", "ab" * 32, [], {}])
def test_a_result_of_which_any_value_was_changed_is_none(path: tuple[Any, ...], value: Any) -> None:
    stored = json.loads(result().to_bytes())
    text = json.dumps(changed(stored, path, value))
    assert text == json.dumps(stored) or results.load(text.encode(), KEY) is None


@pytest.mark.parametrize("name", list(json.loads(result().to_bytes())))
def test_a_result_that_lacks_a_field_is_none(name: str) -> None:
    stored = json.loads(result().to_bytes())
    del stored[name]
    assert results.load(json.dumps(stored).encode(), KEY) is None


def test_a_result_that_is_cut_off_anywhere_or_has_one_other_bit_is_none_or_the_same() -> None:
    stored = result().to_bytes()
    damaged = [stored[:length] for length in range(len(stored))]
    for place in range(len(stored)):
        for bit in range(8):
            other = bytearray(stored)
            other[place] ^= 1 << bit
            damaged.append(bytes(other))
    believed = [data for data in damaged if results.load(data, KEY) is not None]
    assert believed == []


def test_a_result_that_was_only_laid_out_anew_is_still_valid() -> None:
    assert results.load(json.dumps(json.loads(result().to_bytes()), indent=2, sort_keys=True).encode(), KEY) == result()
