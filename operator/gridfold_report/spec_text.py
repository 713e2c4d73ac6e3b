"""A document as YAML, which kubectl and Gridfold read back to the same document."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
#: Words that YAML 1.1 takes for something else.
_OTHERS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_SHORT = 88


def yaml_text(document: Mapping[str, Any]) -> str:
    """Return a document of maps, lists and scalars; empty maps and nulls are left out, since they say nothing."""
    return "\n".join(_lines(_pruned(document), "")) + "\n"


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        below = ((name, _pruned(item)) for name, item in value.items())
        return {name: item for name, item in below if item is not None and item != {}}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _entry(f"{indent}{_scalar(name)}:", below, indent + "  ")
    else:
        for below in value:
            first, *rest = _lines(below, indent + "  ") if _is_deep(below) else [indent + "  " + _flow(below)]
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if not _is_deep(value) or (_is_flat(value) and len(start) + len(_flow(value)) < _SHORT):
        yield f"{start} {_flow(value)}"
    else:
        yield start
        yield from _lines(value, indent if isinstance(value, Mapping) else indent[:-2])


def _is_deep(value: Any) -> bool:
    return isinstance(value, Mapping | list) and bool(value)


def _is_flat(value: Any) -> bool:
    """Tell whether a list or map holds scalars alone."""
    below = value.values() if isinstance(value, Mapping) else value
    return not any(_is_deep(item) for item in below)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(name)}: {_flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _OTHERS
        return value if plain else json.dumps(value, ensure_ascii=False)
    text = json.dumps(value)
    # YAML 1.1 reads 1e-05 as a text.
    return text.replace("e", ".0e") if isinstance(value, float) and "e" in text and "." not in text else text
