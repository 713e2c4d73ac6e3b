"""Texts of data, users and libraries in Markdown: shown as they are, in one line of bounded length, and never marks."""

import re

from gridfold.api.status import MESSAGE_LIMIT
from gridfold.domain.visible import EXCERPT_LIMIT, excerpt

_MARKS = re.compile(r"[\\`*_\[\]<>|#&~]")


def code_span(text: str, limit: int = EXCERPT_LIMIT) -> str:
    """Return a text as a span of code; its fence is longer than any run of backticks in it, so that none ends it."""
    line = _line(text, limit)
    if not line:
        return "(empty)"
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def escaped(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return a text in which no character is a mark; `limit` is that of the text before the escapes."""
    return _MARKS.sub(r"\\\g<0>", _line(text, limit))


def table_cell(text: str) -> str:
    """Return Markdown so that it does not end a cell of a table, which a span of code would not keep it from."""
    return text.replace("|", "\\|")


def _line(text: str, limit: int) -> str:
    return " ".join(excerpt(text, limit).split())
