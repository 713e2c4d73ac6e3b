"""Words for many columns: what to do stands first and whole, and of a list as much as there is room for."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from gridfold.api.validation import show

#: Of a warning in the report.
ROOM = 500
#: Of an advice: the rest says which columns and why.
_ADVICE_ROOM = 260
_SHOWN_CHARACTERS = 32
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YAML_WORDS = {"y", "n", "yes", "no", "true", "false", "on", "off", "null"}


def listed(items: Sequence[str], room: int, least: int = 1) -> str:
    """Return items with commas, as many as fit, then how many more there are: "a, b and 3 more"."""
    text = ""
    for number, item in enumerate(items):
        longer = f"{text}, {item}" if text else item
        if number >= least and len(longer) > room:
            return f"{text} and {len(items) - number} more"
        text = longer
    return text


def told(advice: str, what: str, items: Sequence[str]) -> str:
    """Return a warning: what to do, then what it is about, with as many items as fit."""
    start = f"{advice} {what} " if what else f"{advice} "
    return f"{start}{listed(items, ROOM - len(start) - len(' and 9999 more.'))}."


def shown(text: str) -> str:
    """Return a text of the data in quotes, shortened."""
    return show(text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…")


def quoted(text: str) -> str:
    """Return a text in quotes, whole: to be copied into a spec."""
    return json.dumps(text, ensure_ascii=False)


def key(name: str) -> str:
    """Return the name of a column as a key of YAML."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _YAML_WORDS else quoted(name)


def flow_map(entries: Mapping[str, str], room: int = _ADVICE_ROOM) -> str:
    """Return names of columns and what is to be said of each, as YAML to copy; entries that do not fit are left out."""
    taken: list[str] = []
    for name, value in entries.items():
        entry = f"{key(name)}: {value}"
        if taken and len(", ".join([*taken, entry])) > room:
            break
        taken.append(entry)
    return f"{{{', '.join(taken)}}}"


def flow_list(texts: Iterable[str]) -> str:
    """Return texts as a list of YAML to copy."""
    return f"[{', '.join(map(quoted, texts))}]"
