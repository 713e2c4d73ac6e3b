"""Edits of a valid spec, each of which makes it wrong in one way."""

from collections.abc import Callable
from typing import Any

Edit = Callable[[dict[str, Any]], object]


def put(path: str, value: object) -> Edit:
    """Return an edit that sets a field of the spec, by its path."""

    def edit(spec: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for name in parents:
            spec = spec.setdefault(name, {})
        spec[last] = value

    return edit


def both(first: Edit, second: Edit) -> Edit:
    """Return two edits as one."""

    def edit(spec: dict[str, Any]) -> None:
        first(spec)
        second(spec)

    return edit


def drop(path: str) -> Edit:
    """Return an edit that takes a field out of the spec."""

    def edit(spec: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for name in parents:
            spec = spec[name]
        del spec[last]

    return edit
