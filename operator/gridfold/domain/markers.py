"""Texts that mean "no value", as export and model card have to write them down."""

import re
from collections.abc import Sequence

#: What the protocol calls a number, as a whole text in ASCII.
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def spellings(markers: Sequence[str], *, trim: bool, parquet: bool) -> list[str]:
    """Return the texts that these markers stand for, each once and without the empty one, which always means it.

    Args:
        markers: as the spec names them.
        trim: whether white space around fields means nothing.
        parquet: whether values may come as numbers, of which -1 and -1.0 are one.
    """
    found: list[str] = []
    for marker in markers:
        text = marker.strip() if trim else marker
        found.append(text)
        if parquet and re.fullmatch(NUMBER, text):
            number = float(text)
            found += [repr(number), *([str(int(number))] if number.is_integer() else [])]
    return list(dict.fromkeys(filter(None, found)))
