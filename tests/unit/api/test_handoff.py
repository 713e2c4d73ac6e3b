"""What operator and pods hand to each other survives the way, and fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gridfold.api.handoff import (
    LETTERS,
    TERMINATION_MESSAGE_BYTES,
    CellReport,
    FailureReport,
    GroupReport,
    Outcome,
    StageInput,
    decode_cells,
    decode_report,
    encode_cells,
    encode_report,
    failure_of,
    with_failure,
)
from tests.unit.domain.world import document, job_of


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_a_set_of_cells_survives_the_way(case: tuple[int, set[int]]) -> None:
    total, cells = case
    assert decode_cells(encode_cells(cells, total), total) == cells


def test_two_bitmaps_of_ten_thousand_cells_leave_room_for_the_rest_of_the_message() -> None:
    worst = {cell for cell in range(10_000) if hash((cell * 2654435761) % 4294967296) >> 13 & 1}
    assert 2 * len(encode_cells(worst, 10_000)) < TERMINATION_MESSAGE_BYTES - 600


@pytest.mark.parametrize("text", ["AAAA", "not base64!", "eJwDAAAAAAE=", "x" * 4000])
def test_what_is_not_a_bitmap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a bitmap of 100 cells"):
        decode_cells(text, 100)


def test_a_bitmap_that_unpacks_to_more_than_it_may_is_refused() -> None:
    with pytest.raises(ValueError, match="not a bitmap of 8 cells"):
        decode_cells(encode_cells(range(10_000), 10_000), 8)


@given(st.text(max_size=6000))
def test_a_message_of_any_length_fits_and_is_read_back(message: str) -> None:
    text = encode_report(FailureReport(reason="R", message=message))
    assert len(text.encode()) <= TERMINATION_MESSAGE_BYTES
    report = decode_report(text)
    assert isinstance(report, FailureReport)
    assert report.message == message or report.message.endswith("…") or report.message == ""


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_scores_keep_every_bit(mean: float, std: float) -> None:
    report = CellReport(cell=1, key="k", outcome=Outcome.SUCCEEDED, scores={"f1": (mean, std), "recall": (None, None)})
    assert decode_report(encode_report(report)) == report


OUTCOMES = st.sampled_from([None, *Outcome])
TEXTS = st.text(max_size=1024)


@settings(max_examples=50)
@given(st.lists(st.tuples(OUTCOMES, TEXTS), min_size=2, max_size=60), st.none() | st.text(max_size=6000))
def test_of_a_group_every_end_is_told_and_of_as_many_cells_as_fit_every_number(
    cells: list[tuple[Outcome | None, str]], why: str | None
) -> None:
    ended = [
        CellReport(cell=number, key="k" * 64, outcome=outcome, scores=dict.fromkeys("abcd", (0.1, 1e-17)), message=text)
        for number, (outcome, text) in enumerate(cells)
        if outcome
    ]
    ends = "".join(LETTERS[outcome] if outcome else "." for outcome, _ in cells)
    failure = None if why is None else FailureReport(reason="R", message=why)
    text = encode_report(GroupReport(ends=ends, cells=ended, failure=failure))
    assert len(text.encode()) <= TERMINATION_MESSAGE_BYTES
    report = decode_report(text)
    assert isinstance(report, GroupReport)
    assert (report.ends, report.failure is None) == (ends, why is None)
    numbers = [cell.model_copy(update={"message": ""}) for cell in ended]
    told = [cell.model_copy(update={"message": ""}) for cell in report.cells]
    assert told == numbers[: len(told)]
    texts = zip(report.cells, ended, strict=False)
    assert all(whole.message.startswith(told.message.removesuffix("…")) for told, whole in texts)


def test_a_group_of_a_thousand_cells_has_room_for_all_about_some_of_them() -> None:
    ended = [CellReport(cell=number, key="k" * 64, outcome=Outcome.SUCCEEDED) for number in range(1000)]
    failure = FailureReport(reason="R", message="x" * 4000)
    report = decode_report(encode_report(GroupReport(ends="s" * 1000, cells=ended, failure=failure)))
    assert isinstance(report, GroupReport)
    assert len(report.cells) >= 3


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [("ss", Outcome.SUCCEEDED), ("rs", Outcome.SUCCEEDED), ("sir", Outcome.INFEASIBLE), ("ifs", Outcome.FAILED)],
)
def test_the_worst_that_became_of_a_cell_is_the_outcome_of_its_group(ends: str, outcome: Outcome) -> None:
    assert GroupReport(ends=ends).outcome is outcome


def test_why_a_process_ended_is_told_beside_what_it_has_said_of_its_cells() -> None:
    failure, said = FailureReport(reason="R", message="m"), GroupReport(ends="s.")
    assert with_failure(None, failure) == with_failure(failure, failure) == failure
    both = with_failure(said, failure)
    assert both == GroupReport(ends="s.", failure=failure)
    assert (failure_of(both), failure_of(failure), failure_of(said)) == (failure, failure, None)


@pytest.mark.parametrize("cells", ["0-3;4", ";", "0,", "-3", "a", "0-3; 4;"])
def test_cells_that_are_no_ranges_are_refused(cells: str) -> None:
    spec = job_of(document()).spec
    with pytest.raises(ValidationError, match="String should match pattern"):
        StageInput(namespace="n", name="j", run_digest="d", spec=spec, cells=cells)


LONG = f'{{"kind":"group","ends":"{"s" * 1001}"}}'


@pytest.mark.parametrize("text", ['{"kind":"group","ends":""}', '{"kind":"group","ends":"sx"}', LONG])
def test_ends_of_a_group_are_letters_for_no_more_cells_than_one_may_have(text: str) -> None:
    assert decode_report(text) is None


@pytest.mark.parametrize("text", ["", "{}", "killed", '{"kind":"cell"}', '{"kind":"other"}', '{"kind":"cell","cell":0'])
def test_a_message_that_is_not_a_whole_report_is_none(text: str) -> None:
    assert decode_report(text) is None


def test_the_input_of_a_stage_survives_the_way_with_typed_numbers_and_nulls() -> None:
    spec = job_of(document([{"max_features": [{"float": 1}, None, {"int": 1}, 0.5]}])).spec
    given_input = StageInput(namespace="n", name="j", run_digest="d", spec=spec, cells="0-3")
    assert StageInput.model_validate_json(given_input.model_dump_json(by_alias=True)) == given_input
