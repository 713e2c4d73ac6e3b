"""The value of a text that is a plain expression of Python; nothing is executed."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_CHARACTERS = 1000
#: Of range(…) and its like: more are not written down one by one.
MOST_VALUES = 50
_EXPONENT = 1000
_NAMES = {"inf": math.inf, "Inf": math.inf, "infty": math.inf, "infinity": math.inf, "nan": math.nan, "NaN": math.nan}
_PI_E = {"pi": math.pi, "e": math.e}
_MODULES = ("np", "numpy", "math")
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class NotPlainError(ValueError):
    """A text is no plain expression."""


@dataclass(frozen=True)
class Several:
    """What an expression such as range(1, 5) stands for: values of an axis, not one value."""

    values: tuple[Any, ...]


def read_python(text: str) -> Any:
    """Return the value of an expression: literals, tuples, lists, maps, inf, sums and powers of numbers, range(…).

    Raises:
        NotPlainError: it is none of these.
    """
    if len(text) > _CHARACTERS:
        raise NotPlainError
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise NotPlainError from error


def label_hint(label: str) -> str:
    """Return how a class may have become true or false on its way through YAML, or ""."""
    if label not in ("true", "false"):
        return ""
    return " YAML reads yes, on, y, no, off, n, True and False as true or false: write the label in quotes."


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bytes | complex | type(...)):
            raise NotPlainError
        return node.value
    if isinstance(node, ast.Name | ast.Attribute):
        return _named(node)
    if isinstance(node, ast.UnaryOp | ast.BinOp):
        return _computed(node)
    if isinstance(node, ast.Tuple | ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {_value(key): _value(item) for key, item in zip(node.keys, node.values, strict=True) if key is not None}
    if isinstance(node, ast.Call):
        return _called(node)
    raise NotPlainError


def _named(node: ast.Name | ast.Attribute) -> float:
    name = node.id if isinstance(node, ast.Name) else node.attr
    of_module = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MODULES
    known = {**_NAMES, **(_PI_E if of_module else {})}
    if name in known and (of_module or isinstance(node, ast.Name)):
        return known[name]
    raise NotPlainError


def _computed(node: ast.UnaryOp | ast.BinOp) -> Any:
    if isinstance(node, ast.UnaryOp):
        value = _number(_value(node.operand))
        if isinstance(node.op, ast.USub | ast.UAdd):
            return -value if isinstance(node.op, ast.USub) else value
        raise NotPlainError
    left, right = _number(_value(node.left)), _number(_value(node.right))
    if type(node.op) not in _OPERATORS or (isinstance(node.op, ast.Pow) and abs(right) > _EXPONENT):
        raise NotPlainError
    return _number(_OPERATORS[type(node.op)](left, right))


def _called(node: ast.Call) -> Any:
    """Return what a few well-known functions give; none of them is called with more than numbers."""
    function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if node.keywords:
        raise NotPlainError
    arguments = [_value(argument) for argument in node.args]
    if function in ("float", "int") and len(arguments) == 1:
        return float(arguments[0]) if function == "float" else int(arguments[0])
    if function in ("list", "tuple", "array", "set") and len(arguments) == 1:
        return arguments[0]
    return _several(function, [_number(argument) for argument in arguments])


def _several(function: str, numbers: list[Any]) -> Several:
    import numpy as np

    if function in ("range", "arange") and 1 <= len(numbers) <= 3:
        start, stop, step = (numbers[0], numbers[1], numbers[2:] or [1]) if len(numbers) > 1 else (0, numbers[0], [1])
        if not 0 < (stop - start) / step[0] <= MOST_VALUES:
            raise NotPlainError
        found = np.arange(start, stop, step[0])
    elif function in ("linspace", "logspace", "geomspace") and 2 <= len(numbers) <= 3:
        if not 0 < (count := int(numbers[2]) if len(numbers) > 2 else MOST_VALUES) <= MOST_VALUES:
            raise NotPlainError
        found = getattr(np, function)(numbers[0], numbers[1], count)
    else:
        raise NotPlainError
    return Several(tuple(found.tolist()))


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotPlainError
    return value
