"""What a library says, as people read it: no spellings of numpy, and labels as the data writes them, not codes."""

import re
from collections.abc import Sequence
from typing import Any

from gridfold.api.validation import show

_SCALAR = re.compile(r"\b(?:np|numpy)\.(?:u?int\d*|float\d*|longlong|intp)\(([-+.\w]+)\)")
_TEXT = re.compile(r"\b(?:np|numpy)\.str_\(('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\)")
_BOOLEAN = re.compile(r"\b(?:np|numpy)\.(True|False)_?\b|\b(?:np|numpy)\.bool_?\((True|False)\)")
_ARRAY = re.compile(r"\barray\((\[[^()]*\])(?:,\s*dtype=[^)]*)?\)")
#: "class 0", "only one class: 0", "labels: [2 3]", "It should be one of [0 1]", "pos_label=1"
_CODES = re.compile(
    r"(\b(?:class|classes|label|labels|label\(s\)|pos_label)(?::|=)? ?|should be one of |possible values are: )"
    r"([\[(])?(\d+(?:(?:, ?| )\d+)*)([\])])?(?!\w|\.\d)",
    re.IGNORECASE,
)


def plain_message(text: str, classes: Sequence[Any] | None = None) -> str:
    """Return a message on one line without numpy's spellings.

    Args:
        text: what an exception or warning says.
        classes: labels by code, where what spoke was fitted on codes: a code that it calls a class becomes its label.
    """
    plain = " ".join(text.split())
    plain = _SCALAR.sub(r"\1", plain)
    plain = _TEXT.sub(lambda found: show(found[1][1:-1]), plain)
    plain = _BOOLEAN.sub(lambda found: found[1] or found[2], plain)
    plain = _ARRAY.sub(r"\1", plain)
    return plain if classes is None else _CODES.sub(lambda found: _labelled(found, classes), plain)


def _labelled(found: re.Match[str], classes: Sequence[Any]) -> str:
    """Return codes as labels; a number that is no code stays what it is."""
    codes = [int(code) for code in re.findall(r"\d+", found[3])]
    if any(code >= len(classes) for code in codes) or (len(codes) > 1 and not found[2]):
        return found[0]
    return f"{found[1]}{found[2] or ''}{', '.join(show(classes[code]) for code in codes)}{found[4] or ''}"
