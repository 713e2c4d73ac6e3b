"""Texts as an attacker would choose them stay texts in Markdown, as a parser of CommonMark with tables reads it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gridfold.domain.markdown import code_span, escaped, table_cell
from gridfold.domain.visible import excerpt

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKS = "`\\|*_~<>[]()!&#;$ \n\r\t\x1b\u202e\u2028\ud800ab"
HOSTILE = st.one_of(st.text(st.sampled_from(MARKS), min_size=1, max_size=40), st.text(min_size=1, max_size=40))


def inline(text: str) -> list[Token]:
    """Return what a parser finds in the only paragraph, or cell, that there is."""
    (found,) = (token for token in PARSER.parse(text) if token.type == "inline")
    return found.children or []


def line(text: str, limit: int = 256) -> str:
    return " ".join(excerpt(text, limit).split())


@given(HOSTILE)
def test_a_span_of_code_is_all_of_the_text_and_nothing_else(text: str) -> None:
    first, span, last = inline(f"Predicts {code_span(text)}.") if line(text) else (None, None, None)
    if span is None:
        assert code_span(text) == "(empty)"
        return
    assert (span.type, span.content) == ("code_inline", line(text))
    assert first and last and (first.content, last.content) == ("Predicts ", ".")


@given(HOSTILE)
def test_a_span_of_code_fills_one_cell_of_a_table(text: str) -> None:
    rows = f"| a | b |\n| --- | --- |\n| {table_cell(code_span(text))} | 1 |"
    cells = [token.children or [] for token in PARSER.parse(rows) if token.type == "inline"]
    assert [[token.content for token in cell] for cell in (*cells[:2], *cells[3:])] == [["a"], ["b"], ["1"]]
    assert [token.content for token in cells[2]] == [line(text) or "(empty)"]


@given(HOSTILE)
def test_no_character_of_an_escaped_text_is_a_mark(text: str) -> None:
    found = inline(f"The column {escaped(text)} is rare.")
    assert {token.type for token in found} <= {"text", "text_special"}
    assert "".join(token.content for token in found) == f"The column {line(text, 4096)} is rare."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("age", "`age`"),
        ("a`` <img src=https://evil/x> ``", "``` a`` <img src=https://evil/x> `` ```"),
        ("\x1b[2J\u202egnp", "`\\u001b[2J\\u202egnp`"),
        ("a\r\n\n# b", "`a # b`"),
        ("  ", "(empty)"),
    ],
)
def test_a_span_of_code_shows(text: str, shown: str) -> None:
    assert code_span(text) == shown


@given(HOSTILE, st.integers(2, 300))
def test_a_text_of_any_length_takes_little_room(text: str, limit: int) -> None:
    assert len(code_span(text * 100, limit)) <= 3 * limit + 4
    assert len(escaped(text * 100, limit)) <= 2 * limit
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", code_span(text) + escaped(text))
