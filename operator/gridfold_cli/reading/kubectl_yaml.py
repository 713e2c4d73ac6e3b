"""YAML as kubectl reads it, so that a laptop sees the document that the API server would see.

kubectl turns YAML into JSON with sigs.k8s.io/yaml 1.6.0; `yaml_scalars` has the rules for one value. A key that
stands twice in one map is an error here, where kubectl silently keeps the last: the one deliberate difference.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from gridfold_cli.reading.yaml_scalars import BOOLEANS, STANDARD_TAG, ScalarError, json_value, key_text, resolve_scalar

#: Values that a document may have once its aliases are written out. The largest grid has some ten thousand.
MAX_VALUES = 500_000
MAX_DEPTH = 100

_Resolved = TypeVar("_Resolved")


class YamlError(ValueError):
    """A text is not YAML, or not YAML that has a meaning in JSON."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass
class Document:
    """One document of a file: what it says in JSON, and on which line each path stands."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)  #: such as {"spec.search.grid[0].C": 12}
    booleans: dict[str, str] = field(
        default_factory=dict
    )  #: keys that were read as true or false: {"spec.a.true": "Yes"}


def read_documents(text: str) -> Iterator[Document]:
    """Yield the documents of a text, empty ones left out.

    Raises:
        YamlError: with line and column.
    """
    try:
        yield from _Reader(text).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlError(error.problem or error.context or "is not YAML", line, column) from error
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")  # libyaml counts bytes
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        character = f"U+{ord(text[len(before)]):04X}" if len(before) < len(text) else "at the end"
        raise YamlError(f"the character {character} may not stand in YAML", line, column) from error


class _Reader:
    """Builds values straight from the parser's events: no recursion of the C library, which overflows its stack."""

    def __init__(self, text: str) -> None:
        self._parser: Any = yaml.CSafeLoader(text)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._lines: dict[str, int] = {}
        self._booleans: dict[str, str] = {}

    def documents(self) -> Iterator[Document]:
        self._parser.get_event()
        while not self._parser.check_event(StreamEndEvent):
            if self._parser.check_event(DocumentStartEvent, DocumentEndEvent):
                self._parser.get_event()
                continue
            self._anchors, self._lines, self._booleans = {}, {}, {}
            value = self._value("", 0)
            if value is not None:
                yield Document(value, self._lines, self._booleans)

    def _value(self, path: str, depth: int) -> Any:
        event = self._parser.get_event()
        self._lines.setdefault(path, event.start_mark.line + 1)
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH:
            raise _error(f"has more than {MAX_VALUES} values or {MAX_DEPTH} levels", event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        before = self._values
        if isinstance(event, MappingStartEvent):
            value: Any = self._mapping(path, depth)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(path, depth)
        else:
            value = _guard(event, lambda: json_value(_scalar(event)))
        if event.anchor:
            self._anchors[event.anchor] = value, self._values - before + 1
        return value

    def _alias(self, event: AliasEvent) -> Any:
        if event.anchor not in self._anchors:
            raise _error(f"*{event.anchor} is used, but no &{event.anchor} ended before", event)
        value, size = self._anchors[event.anchor]
        self._values += size
        return value

    def _sequence(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self._parser.check_event(SequenceEndEvent):
            items.append(self._value(f"{path}[{len(items)}]", depth + 1))
        self._parser.get_event()
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        explicit: dict[str, int] = {}
        while not self._parser.check_event(MappingEndEvent):
            event = self._parser.peek_event()
            if _is_merge(event):
                self._parser.get_event()
                self._merge(mapping, depth)
                continue
            key = self._key(depth)
            if key in explicit:
                raise _error(f"the key {key} stands here and on line {explicit[key]}; keep one", event)
            explicit[key] = event.start_mark.line + 1
            below = f"{path}.{key}" if path else key
            self._lines[below] = explicit[key]
            if isinstance(event, ScalarEvent) and event.value != key and key in BOOLEANS:
                self._booleans[below] = event.value
            mapping[key] = self._value(below, depth + 1)
        self._parser.get_event()
        return mapping

    def _key(self, depth: int) -> str:
        event = self._parser.peek_event()
        if isinstance(event, ScalarEvent) and not event.anchor:
            self._parser.get_event()
            return _guard(event, lambda: key_text(_scalar(event)))
        value = self._value("", depth + 1)
        return _guard(event, lambda: key_text(value))

    def _merge(self, mapping: dict[str, Any], depth: int) -> None:
        """Add what `<<` names. As in Go, it replaces keys that stand before it; of a list, the first map wins."""
        event = self._parser.peek_event()
        merged = self._value("", depth + 1)
        for item in reversed(merged) if isinstance(merged, list) else [merged]:
            if not isinstance(item, dict):
                raise _error("<< merges a map or a list of maps", event)
            mapping.update(item)


def _is_merge(event: Any) -> bool:
    if not isinstance(event, ScalarEvent) or event.value != "<<":
        return False
    return bool(event.implicit[0]) or event.tag == f"{STANDARD_TAG}merge"


def _scalar(event: ScalarEvent) -> Any:
    return resolve_scalar(event.value, event.tag, plain=bool(event.implicit[0]))


def _guard(event: Any, resolve: Callable[[], _Resolved]) -> _Resolved:
    """Return what `resolve` returns; its error gets the event's line."""
    try:
        return resolve()
    except ScalarError as error:
        raise _error(str(error), event) from error


def _error(message: str, event: Any) -> YamlError:
    return YamlError(message, event.start_mark.line + 1, event.start_mark.column + 1)
