"""Patterns of keys: * and ? stand for characters but /, ** for all, [abc] for one of them."""

import re
from itertools import pairwise

_SPECIAL = re.compile(r"[*?\[]")
_STAR, _DEEP = "[^/]*", {"(?:.*/)?", ".*"}
_SET = re.compile(r"\[(?!\^/)")  # that may have a slash in it
_SEVERAL = 2


def is_pattern(path: str) -> bool:
    """Tell whether a path names several objects: a folder or a pattern."""
    return path.endswith("/") or _SPECIAL.search(path) is not None


def literal_prefix(pattern: str) -> str:
    """Return what all matches begin with."""
    special = _SPECIAL.search(pattern)
    return pattern if special is None else pattern[: special.start()]


def to_regex(pattern: str) -> str:
    """Return the regular expression of a folder or pattern, for whole keys."""
    rest, codes = pattern + "**" if pattern.endswith("/") else pattern, []
    while rest:
        taken, code = _first(rest)
        codes.append(code)
        rest = rest[taken:]
    if _DEEP & set(codes) or any("/" in code for code in codes if _SET.match(code)):
        return "".join(codes)
    return "/".join(_of_name("".join(codes[start:end]), codes[start:end]) for start, end in _names(codes))


def _names(codes: list[str]) -> list[tuple[int, int]]:
    """Return where the names between the slashes begin and end."""
    slashes = [-1, *(place for place, code in enumerate(codes) if code == "/"), len(codes)]
    return [(before + 1, after) for before, after in pairwise(slashes)]


def _of_name(plain: str, codes: list[str]) -> str:
    """Return the expression of a name: of several stars, each takes the first that fits what follows it, for good.

    The next star takes the rest, so nothing is lost; going back to each star in turn would take minutes.
    """
    stars = [place for place, code in enumerate(codes) if code == _STAR]
    if len(stars) < _SEVERAL:
        return plain
    parts = ["".join(codes[: stars[0]])]
    parts += ["(?>[^/]*?" + "".join(codes[star + 1 : end]) + ")" for star, end in pairwise(stars)]
    return "".join([*parts, *codes[stars[-1] :]])


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
