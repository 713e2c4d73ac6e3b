"""Python expressions as text, laid out as ruff and black do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: The default of ruff and black.
LINE_CHARACTERS = 88
INDENT = "    "


@dataclass(frozen=True)
class Name:
    """Code that stands in the script as it is."""

    code: str


@dataclass(frozen=True)
class Call:
    """A call of a function or class by its name in the script."""

    function: str
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Each:
    """The items of a list that a loop gives: `*(value for target in iterable)`."""

    value: Any
    target: str
    iterable: Any


def assign(name: str, value: Any) -> str:
    """Return the statement `name = value`."""
    return render(value, f"{name} = ")


def render(value: Any, start: str = "", end: str = "", indent: str = "") -> str:
    """Return a value as code between `start` and `end`, in as many lines as it takes."""
    line = f"{indent}{start}{_flat(value)}{end}"
    brackets = _brackets(value)
    if len(line) <= LINE_CHARACTERS or brackets is None:
        return line
    if isinstance(value, Each):
        loop = render(value.iterable, f"for {value.target} in ", "", indent + INDENT)
        inside = [render(value.value, indent=indent + INDENT), loop]
        return "\n".join([f"{indent}{start}*(", *inside, f"{indent}){end}"])
    items = list(_items(value))
    # Black puts no comma after the only argument of a call where that is a list.
    alone = isinstance(value, Call) and len(items) == 1 and _brackets(items[0][1]) is not None and not items[0][0]
    inner = indent + INDENT
    lines = [render(item, prefix, "" if alone else ",", inner) for prefix, item in items]
    return "\n".join([f"{indent}{start}{brackets[0]}", *lines, f"{indent}{brackets[1]}{end}"])


def quoted(text: str) -> str:
    """Return a text as a literal, in double quotes unless that takes more backslashes."""
    body = repr(f'"{text}')[2:-1]  # with a double quote in it, repr takes single quotes and escapes those alone
    plain = body.replace("\\'", "'")
    if plain.count('"') > plain.count("'"):
        return f"'{body}'"
    return '"' + plain.replace('"', '\\"') + '"'


def _brackets(value: Any) -> tuple[str, str] | None:
    """Return what opens and closes a value that can take several lines."""
    if isinstance(value, Each):
        return "*(", ")"
    if isinstance(value, Call):
        return (f"{value.function}(", ")") if value.arguments or value.named else None
    pairs: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}
    return pairs.get(type(value)) if value else None


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the items of a container, each with what stands before it."""
    if isinstance(value, Call):
        yield from (("", item) for item in value.arguments)
        yield from ((f"{name}=", item) for name, item in value.named.items())
    elif isinstance(value, dict):
        yield from ((f"{_flat(key)}: ", item) for key, item in value.items())
    else:
        yield from (("", item) for item in value)


def _flat(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, Name):
        return value.code
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Each):
        return f"*({_flat(value.value)} for {value.target} in {_flat(value.iterable)})"
    if isinstance(value, Call | list | tuple | dict):
        first, last = _brackets(value) or (_empty(value)[:-1], _empty(value)[-1])
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return first + ", ".join(prefix + _flat(item) for prefix, item in _items(value)) + comma + last
    return repr(value)


def _empty(value: Any) -> str:
    return f"{value.function}()" if isinstance(value, Call) else repr(value)
