"""What operator and pods hand to each other survives the way, and fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.handoff import (
    TERMINATION_MESSAGE_BYTES,
    CellReport,
    FailureReport,
    Outcome,
    StageInput,
    decode_cells,
    decode_report,
    encode_cells,
    encode_report,
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


@pytest.mark.parametrize("text", ["", "{}", "killed", '{"kind":"cell"}', '{"kind":"other"}', '{"kind":"cell","cell":0'])
def test_a_message_that_is_not_a_whole_report_is_none(text: str) -> None:
    assert decode_report(text) is None


def test_the_input_of_a_stage_survives_the_way_with_typed_numbers_and_nulls() -> None:
    spec = job_of(document([{"max_features": [{"float": 1}, None, {"int": 1}, 0.5]}])).spec
    given_input = StageInput(namespace="n", name="j", run_digest="d", spec=spec, cells="0-3")
    assert StageInput.model_validate_json(given_input.model_dump_json(by_alias=True)) == given_input
