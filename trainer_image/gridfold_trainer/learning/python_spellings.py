"""Values that are written as in Python, where YAML reads a text: None, (4, 4), "5", np.inf, range(1, 5).

Only a text that the estimator's own constraint refuses is looked at, and it is a mistake only where what it means in
Python would be accepted; so a strategy that is called "none" stays one.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridfold_trainer.learning import estimators
from gridfold_trainer.learning.label_parameters import CLASS_WEIGHT
from gridfold_trainer.learning.python_values import NotPlainError, Several, read_python

_NULLS = ("", "null", "none", "nil", "~")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_CODE = re.compile(r"lambda\b|(np|numpy|math|scipy|sklearn|random)\.\w|[A-Za-z_][\w.]*\(.*\)$", re.DOTALL)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_NULL = "write null"
_BRACKETS = "write a list in square brackets, such as [4, 4]"
_SHOWN_CHARACTERS = 64
#: Lists of these parameters may hold texts that look like numbers: labels, and names of columns or features.
_LISTS_OF_NAMES = ("constant", "categorical_features", "interaction_cst", "monotonic_cst", "feature_types")


def fixed_problems(cls: type, name: str, value: Any) -> Iterator[str]:
    """Yield what is wrong with a value of spec.estimator.parameters."""
    place = f"spec.estimator.parameters.{name}"
    advice = _advice(cls, name, value)
    if advice == _NULL:  # the API server drops it from maps
        is_default = _default(cls, name) is None
        advice = (
            "leave it out: null is its default" if is_default else f"take it out and write {name}: [null] in the grid"
        )
    if advice is not None:
        yield f"{place} is {_seen(value)}; {advice}."
    yield from _weight_problems(place, name, value)


def axis_problems(cls: type, place: str, name: str, values: Sequence[Any]) -> Iterator[str]:
    """Yield what is wrong with the values of an axis of the grid, which stands at `place`."""
    done = -1
    for first in range(len(values)):
        if first <= done:
            continue
        done = first + _length(values[first:]) - 1
        if done > first:
            yield from _torn(cls, f"{place}[{first}]", name, values[first : done + 1])
            continue
        value = values[first]
        advice = _advice(cls, name, value)
        if advice is not None:
            quotes = " without quotes" if advice == f"write {value}" else ""
            yield f"{place}[{first}] is {_seen(value)}; {advice}{quotes}."
        yield from _weight_problems(f"{place}[{first}]", name, value)


def _length(values: Sequence[Any]) -> int:
    """Return how many items YAML made of the first value: it tears (4, 4) at the comma."""
    if not isinstance(values[0], str) or "(" not in values[0]:
        return 1
    depth = 0
    for number, value in enumerate(values, 1):
        text = value if isinstance(value, str) else ""
        depth += text.count("(") + text.count("[") - text.count(")") - text.count("]")
        if depth <= 0:
            return number
    return 1


def _torn(cls: type, place: str, name: str, items: Sequence[Any]) -> Iterator[str]:
    if not _refused(cls, name, items[0]):
        return
    advice = _advice(cls, name, ", ".join(item if isinstance(item, str) else repr(item) for item in items))
    torn = f"YAML takes each comma for the next value, so that one became {len(items)}"
    yield f"{place} is {_json(items[0])}: {torn}; {advice or _BRACKETS}."


def _advice(cls: type, name: str, value: Any) -> str | None:
    """Return what to write instead of a value, or None where it may stand or nobody knows what it means."""
    if isinstance(value, list):
        return _list_advice(cls, name, value)
    if not isinstance(value, str) or not _refused(cls, name, value):
        return None
    for meant in _meanings(value):
        if estimators.accepts(cls, name, meant):
            return _write(cls, name, meant)
        several = meant.values if isinstance(meant, Several) else meant if isinstance(meant, list) else ()
        if several and all(estimators.accepts(cls, name, item) for item in several):
            return f"write the values one by one: {', '.join(_yaml(cls, name, item) for item in several)}"
    if _CODE.match(value.strip()):
        return "write a plain value: a job runs no Python code"
    return _BRACKETS if value.strip().startswith("(") else None


def _list_advice(cls: type, name: str, values: list[Any]) -> str | None:
    converted = [_scalar(value) for value in values]
    if converted == values or name in _LISTS_OF_NAMES:
        return None
    refused = not estimators.accepts(cls, name, values)
    numbers = all(
        isinstance(old, str) and isinstance(new, int | float) for old, new in zip(values, converted, strict=True)
    )
    if not (refused or numbers) or not estimators.accepts(cls, name, converted):
        return None
    return _write(cls, name, converted)


def _weight_problems(place: str, name: str, value: Any) -> Iterator[str]:
    if name != CLASS_WEIGHT or not isinstance(value, Mapping):
        return
    for label, weight in value.items():
        number = _scalar(weight)
        if isinstance(weight, str) and isinstance(number, int | float) and not isinstance(number, bool):
            yield f"{place}.{label} is {_seen(weight)}; write {number}."


def _refused(cls: type, name: str, value: Any) -> bool:
    """Tell whether the estimator declares what this parameter may be, and this is not among it."""
    return estimators.declares(cls, name) and not estimators.accepts(cls, name, value)


def _scalar(value: Any) -> Any:
    """Return the number, truth value or null that a text spells, else the value as it is."""
    if not isinstance(value, str):
        return value
    plain = (None, bool, int, float)
    return next((meant for meant in _meanings(value) if meant is None or isinstance(meant, plain[1:])), value)


def _meanings(text: str) -> Iterator[Any]:
    """Yield what a text may mean, the likeliest first."""
    plain = text.strip()
    lower = plain.lower()
    if lower in _NULLS:
        yield None
    if lower in _BOOLEANS:
        yield _BOOLEANS[lower]
    for spelled in _numbers(plain):
        try:
            meant = read_python(spelled)
        except NotPlainError:
            continue
        yield meant
        if isinstance(meant, float) and meant.is_integer():
            yield int(meant)
    if plain != text:
        yield plain
    if lower != plain:
        yield lower


def _numbers(text: str) -> Iterator[str]:
    """Yield a text and, where it may be a number of another country, that number."""
    if _THOUSANDS.fullmatch(text):
        yield text.replace(",", "")
    if _DECIMAL_COMMA.fullmatch(text):
        yield text.replace(",", ".")
    yield text


def _default(cls: Any, name: str) -> Any:
    import inspect

    found = inspect.signature(cls.__init__).parameters.get(name)
    return None if found is None or found.default is inspect.Parameter.empty else found.default


def _seen(value: Any) -> str:
    return f"{_json(value)}, {'texts' if isinstance(value, list) else 'a text'}"


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _write(cls: type, name: str, value: Any) -> str:
    """Return what to do instead of a text that means this value."""
    if value is None and name == estimators.RANDOM_STATE:
        return "write a whole number, or leave it out"
    if isinstance(value, float) and not math.isfinite(value):
        is_default = _default(cls, name) == value
        return (
            "leave it out: it is the default" if is_default else "write a large number: JSON has none that is infinite"
        )
    return f"write {_yaml(cls, name, value)}"


def _yaml(cls: type, name: str, value: Any) -> str:
    """Return how a value is written in the YAML of a job."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_yaml(cls, '', item) for item in value)}]"
    if isinstance(value, Mapping):
        return json.dumps({str(key): item for key, item in value.items()}, ensure_ascii=False)
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        needs_kind = estimators.ambiguous_number(cls, name, value) or not estimators.accepts(cls, name, int(value))
        if name and needs_kind:
            return json.dumps({type(value).__name__: int(value)}).replace('"', "")
        return str(int(value))
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w-]*", value):
        return value
    return json.dumps(value, ensure_ascii=False)
