"""How lists stand in what the command line says."""

import re
from itertools import count

_SEVERAL = re.compile(r"(.*: )?[0-9]+ problems:")


def listed(message: str) -> str:
    """Return the numbered problems of a message, "2 problems: (1) … (2) …", with a line for each."""
    start, rest = "", message
    for number in count(1):
        before, mark, after = rest.partition(f" ({number}) ")
        if not mark or (number == 1 and not _SEVERAL.fullmatch(before)):
            return start + rest
        start, rest = f"{start}{before}\n  ({number}) ", after
    return start
