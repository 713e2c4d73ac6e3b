"""What data says stands escaped and bounded wherever a cluster shows it: names are an attacker's to choose."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.conditions import ConditionType, Reason
from gridfold.api.status import MESSAGE_LIMIT, TrainingJobStatus
from gridfold.domain.conditions import Conditions
from gridfold.domain.events import EVENT_NOTE_LIMIT, events_between
from gridfold.domain.interrupted import stalled
from gridfold.domain.visible import bounded, excerpt, visible
from tests.unit.domain.world import World, document, job_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x00\u202e\u2066\ufeff\u2028\r\ud800")))


@given(HOSTILE)
def test_no_character_of_a_condition_or_an_event_moves_a_terminal(text: str) -> None:
    conditions = Conditions([], 1, NOW)
    conditions.set(ConditionType.FAILED, True, "DataError", f"column {text} has no value" * 40)
    (condition,) = conditions.list()
    (event,) = events_between(TrainingJobStatus(), TrainingJobStatus(conditions=[condition]))
    for shown in (condition.message, event.message):
        assert not set(shown) & set("\x00\x07\x1b\r\u202e\u2066\ufeff\u2028\ud800")
        shown.encode()
    assert len(condition.message) <= MESSAGE_LIMIT
    assert len(event.message.encode()) <= EVENT_NOTE_LIMIT


def test_no_condition_or_event_tells_a_signature_whoever_has_written_it() -> None:
    conditions = Conditions([], 1, NOW)
    conditions.set(ConditionType.FAILED, True, "DataError", 'no answer of "https://u:word@h/a?sig=abc" in time')
    (condition,) = conditions.list()
    (event,) = events_between(TrainingJobStatus(), TrainingJobStatus(conditions=[condition]))
    assert condition.message == event.message == 'no answer of "https://…@h/a?…" in time'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\tb\r\nc", "a b \nc"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("größe, 年齢, عمر", "größe, 年齢, عمر"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_seen_stays_and_what_is_not_is_spelled(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_fault_whose_words_are_hostile_is_told_once() -> None:
    world = World(job_of(document()))
    observed, error = world.observe(), RuntimeError("\x1b]0;owned\x07 https://host/a?sig=abc " + "x" * 5000)
    first = stalled(observed, error)
    assert [event.reason for event in first.events] == [Reason.INTERNAL_ERROR]
    assert "\\u001b]0;owned\\u0007 https://host/a?… x" in first.events[0].message
    job = replace(observed.job, status=first.status)
    assert stalled(replace(observed, job=job), error).events == ()


@given(HOSTILE, st.integers(2, 40))
def test_an_excerpt_is_one_visible_line_of_bounded_length(text: str, limit: int) -> None:
    shown = excerpt(text, limit)
    assert len(shown) <= limit
    assert not set(shown) & set("\x00\x07\x1b\r\n\u202e\u2066\ufeff\u2028\ud800")
    assert shown == visible(shown)
    assert bounded(text, limit).replace("\n", " ") == shown


def test_what_is_not_shown_is_marked() -> None:
    assert (excerpt("abcdef", 6), excerpt("abcdefg", 6)) == ("abcdef", "abcde…")
    assert excerpt("a\nb") == "a b"
