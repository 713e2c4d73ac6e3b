"""Logs of operator and trainer: what a name has in it moves no terminal, and passes for no other entry."""

import logging

from hypothesis import given
from hypothesis import strategies as st

from gridfold.domain.visible_log import ENTRY_LIMIT, VisibleFormatter

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x00\n\u202e\u2066\ufeff\u2028\r\ud800")))


def logged(text: str) -> str:
    try:
        raise ValueError(text)
    except ValueError as error:
        record = logging.LogRecord("n", 20, "p", 1, "column %s is odd", (text,), (ValueError, error, None))
    return VisibleFormatter("%(levelname)s %(message)s").format(record)


@given(HOSTILE)
def test_an_entry_is_visible_and_only_its_first_line_begins_at_the_left(text: str) -> None:
    found = logged(text)
    assert not set(found) & set("\x00\x07\x1b\r\u202e\u2066\ufeff\u2028\ud800")
    first, *others = found.split("\n")
    assert first.startswith("INFO column ")
    assert all(line.startswith("    ") for line in others)


def test_an_entry_is_bounded() -> None:
    assert len(logged("x" * 10**6)) <= ENTRY_LIMIT
