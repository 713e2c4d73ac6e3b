"""Objects below a folder that are no data: hidden ones, and marks that other tools leave beside theirs."""

import re

_SPECIAL = re.compile(r"[*?\[]")
#: Checksums of Hadoop, and what Windows leaves in folders.
_TOOLS = r"\.crc$|(^|/)(Thumbs\.db|desktop\.ini)$"


def hidden_start(pattern: str) -> int:
    """Return where the part of a key begins of which `hidden_names` speaks: behind the folder that is named."""
    return _SPECIAL.split(pattern, maxsplit=1)[0].rfind("/") + 1


def hidden_names(pattern: str) -> str:
    """Return the regular expression to search for in the rest of a key; where it is found, the object is no data.

    As in a shell: names that begin with a dot (or, as in Hadoop, an underscore), and all below such folders, are
    matched only where the pattern writes that character.
    """
    written = {name[0] for name in pattern[hidden_start(pattern) :].split("/") if name}
    begins = "".join(character for character in "._" if character not in written)
    found = [rf"(^|/)[{begins}]"] if begins else []
    return "|".join(found if pattern.endswith((".crc", ".db", ".ini")) else [*found, _TOOLS]) or r"(?!)"
