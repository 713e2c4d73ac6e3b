"""Patterns of keys: * and ? stand for characters but /, ** for all, [abc] for one of them."""

import re

_SPECIAL = re.compile(r"[*?\[]")


def is_pattern(path: str) -> bool:
    """Tell whether a path names several objects: a folder or a pattern."""
    return path.endswith("/") or _SPECIAL.search(path) is not None


def literal_prefix(pattern: str) -> str:
    """Return what all matches begin with."""
    special = _SPECIAL.search(pattern)
    return pattern if special is None else pattern[: special.start()]


def to_regex(pattern: str) -> str:
    """Return the regular expression of a folder or pattern, for whole keys."""
    rest, translated = pattern + "**" if pattern.endswith("/") else pattern, ""
    while rest:
        taken, code = _first(rest)
        translated, rest = translated + code, rest[taken:]
    return translated


def _first(rest: str) -> tuple[int, str]:
    """Return how many characters the first element has, and its regular expression."""
    for element, code in (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
        if rest.startswith(element):
            return len(element), code
    if rest[0] == "[" and "]" in rest[2:]:
        end = rest.index("]", 2)
        inside = re.sub(r"([\\\[&~^])", r"\\\1", rest[1:end])
        return end + 1, f"[^/{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return 1, re.escape(rest[0])
