"""What the protocol calls a number."""

import re
from collections.abc import Iterable

from gridfold.domain import markers

#: In ASCII. What a spreadsheet or Python takes for a number beside that ("inf", "1_000", "0x10") is text.
NUMBER = f"^{markers.NUMBER}$"
#: Of the integers up to here, every one is a float of its own.
EXACT_INTEGERS = 2**53


def numbers_among(texts: Iterable[str]) -> list[float]:
    """Return those texts that are numbers."""
    return [float(text) for text in texts if re.fullmatch(NUMBER, text, re.ASCII)]
