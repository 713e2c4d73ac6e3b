"""Parameters that are about columns: which of a job's are, what is wrong with them, and when they have no meaning."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridfold.api.column_parameters import (
    COLUMN_MEASURES,
    COLUMN_PARAMETERS,
    ColumnForm,
    ColumnParameter,
    names_columns,
)
from gridfold.api.v1alpha1 import ColumnType, Encode
from gridfold.api.validation import show
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning import native_categories

_SHOWN = 10
_POSITIONS = (
    "names columns by position, but a position is one of the matrix that preprocessing makes (numeric columns first, "
    "then a column for each category), not of the file"
)
#: Square matrices with a row and a column for each column of the matrix, and what to do instead.
_MATRICES = {
    "precompute": "write true, false or auto, or leave it out",
    "VI": "choose a metric without one, such as seuclidean with V",
}
_YAML_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


def parameter_of(cls: type, name: str) -> ColumnParameter | None:
    """Return what a parameter says about columns, or None where it says nothing about them."""
    found = COLUMN_PARAMETERS.get(name)
    if found is None or not found.owners:
        return found
    mro = {part for base in cls.__mro__ for part in (base.__name__, base.__module__.partition(".")[0])}
    return found if mro & set(found.owners) else None


def by_name(cls: type, parameters: Mapping[str, Any]) -> frozenset[str]:
    """Return the parameters whose values name columns."""
    return frozenset(
        name for name, value in parameters.items() if parameter_of(cls, name) is not None and names_columns(name, value)
    )


def needs_names(cls: type, parameters: Mapping[str, Any], encode: str) -> bool:
    """Tell whether the pipeline of a cell must tell its estimator about columns."""
    return encode == Encode.NATIVE or bool(by_name(cls, parameters))


def value_problems(
    cls: type, place: str, name: str, value: Any, columns: Sequence[Column] | None = None
) -> Iterator[str]:
    """Yield what is wrong with the columns in a value that stands at `place`; `columns` of the data where known."""
    if name in _MATRICES and isinstance(value, list):
        yield _matrix(place, name)
    parameter = parameter_of(cls, name)
    if parameter is None:
        if name == "alpha" and isinstance(value, list | Mapping):
            yield f"{place} is {show(value)}; {cls.__name__} takes one number for all columns."
        return
    if parameter.form is not ColumnForm.MEASURES:
        yield from _Told(place, name, parameter, columns).problems(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in _MATRICES and isinstance(item, list):
                yield _matrix(f"{place}.{key}", key)
            elif key in COLUMN_MEASURES:
                of_values = ColumnParameter(ColumnForm.VALUES, parameter.rest)
                yield from _Told(f"{place}.{key}", key, of_values, columns).problems(item)


def refusal(cls: type, parameters: Mapping[str, Any], encode: str, columns: Sequence[Column]) -> str | None:
    """Return why parameters about columns have no meaning with an encoding, or None where they have one."""
    texts = [column.name for column in columns if column.type is ColumnType.CATEGORICAL]
    for name in sorted(by_name(cls, parameters)):
        parameter, value = COLUMN_PARAMETERS[name], parameters[name]
        mentioned = frozenset(value) if parameter.single else frozenset()
        named = ", ".join(text for text in texts if text in mentioned)
        if named and encode == Encode.ONE_HOT:
            return (
                f"{name} names {named}, of whose categories preprocessing.categorical.encode: OneHot makes columns of "
                f"0 and 1, for which it has no meaning; encode them as Ordinal, or take {named} out of it."
            )
        if named and encode == Encode.NATIVE and parameter.choices:
            return (
                f"{name} names {named}, whose categories have no order with preprocessing.categorical.encode: Native; "
                f"take {named} out of it, or encode them as Ordinal."
            )
    marked = parameters.get(native_categories.CATEGORICAL_FEATURES)
    if encode == Encode.NATIVE:
        return native_categories.too_many(cls, parameters, columns)
    if isinstance(marked, list):
        return native_categories.too_many(cls, parameters, [column for column in columns if column.name in marked])
    return None


def native_problem(cls: type, place: str, marked: Any) -> str | None:
    """Return why categories cannot be encoded as Native, or None; `marked` is the value of categorical_features."""
    if not native_categories.is_known_to(cls):
        return (
            f"{place} is Native, but {cls.__name__} has no treatment of categories of its own, as "
            "sklearn.ensemble.HistGradientBoostingClassifier and …Regressor have; write OneHot or Ordinal."
        )
    if marked in (None, "from_dtype"):
        return None
    return (
        f"{place} is Native, which tells {cls.__name__} of every categorical column, and categorical_features is "
        f"{show(marked)}; leave that out. For a column of numbers that are categories, write it in "
        "spec.dataset.columnTypes as Categorical."
    )


def _matrix(place: str, name: str) -> str:
    return f"{place} is a matrix that {_POSITIONS}; {_MATRICES[name]}."


class _Told:
    """What a job is told about one value that is about columns."""

    def __init__(self, place: str, name: str, parameter: ColumnParameter, columns: Sequence[Column] | None) -> None:
        self._place, self._name, self._parameter = place, name, parameter
        self._columns = None if columns is None else [column.name for column in columns]
        self._texts = [column.name for column in columns or () if column.type is ColumnType.CATEGORICAL]

    def problems(self, value: Any) -> Iterator[str]:
        """Yield what is wrong with it."""
        form = self._parameter.form
        named = isinstance(value, str) and value in (self._columns or ())
        if named or (isinstance(value, str) and "xgboost" in self._parameter.owners):
            yield f"{self._place} is {show(value)}, a text; write names of columns as {self._example(value)}."
        elif form is ColumnForm.VALUES:
            yield from self._of_values(value)
        elif form is ColumnForm.NAMES and isinstance(value, list):
            yield from self._of_list(value)
        elif form is ColumnForm.GROUPS and isinstance(value, list):
            yield from self._of_groups(value)

    def _of_values(self, value: Any) -> Iterator[str]:
        choices = self._parameter.choices
        if isinstance(value, Mapping):
            yield from self._of_names(list(value))
            expected = f"one of {', '.join(map(str, choices))}" if choices else "a number"
            for key, item in value.items():
                number = isinstance(item, int | float) and not isinstance(item, bool)
                if not number or (choices and item not in choices):
                    yield f"{self._place}.{key} is {show(item)}; expected {expected}."
        elif isinstance(value, list) and any(isinstance(item, str) for item in value):
            yield f"{self._place} is {show(value)}; expected a value for each name, such as {self._example()}."
        elif isinstance(value, list):
            meant = {position: item for position, item in enumerate(value) if item != self._parameter.rest}
            yield self._positions(value, list(meant), lambda names: {names[key]: item for key, item in meant.items()})

    def _of_list(self, value: list[Any]) -> Iterator[str]:
        if value and all(isinstance(item, bool) for item in value):
            chosen = [position for position, item in enumerate(value) if item]
            yield self._positions(value, chosen, lambda names: [names[position] for position in chosen])
        elif numbers := [item for item in value if not isinstance(item, str)]:
            yield self._positions(value, numbers, lambda names: [names.get(_key(item), item) for item in value])
        else:
            yield from self._of_names(value)

    def _of_groups(self, value: list[Any]) -> Iterator[str]:
        if not all(isinstance(group, list) for group in value):
            yield f"{self._place} is {show(value)}; expected a list of lists of names, such as {self._example()}."
            return
        items = [item for group in value for item in group]
        if numbers := [item for item in items if not isinstance(item, str)]:
            yield self._positions(
                value, numbers, lambda names: [[names.get(_key(item), item) for item in group] for group in value]
            )
        else:
            yield from self._of_names(items)

    def _positions(self, value: Any, positions: Sequence[Any], translate: Any) -> str:
        """Return what to write instead of positions: names, if the columns of the data were meant."""
        told = f"{self._place} is {show(value)}: it {_POSITIONS}. Write names"
        if self._columns is None:
            return f"{told}, such as {self._example()}."
        count = len(self._columns)
        wrong = [position for position in positions if not isinstance(position, int) or not -count <= position < count]
        if wrong or not positions:
            where = f"it has {count} columns beside the target, no {show(wrong[0])}" if wrong else "none is named"
            return f"{told}, such as {self._example()} ({where}): {self._some()}."
        names = {position: self._columns[position] for position in positions}
        listed = ", ".join(f"{position} is {name}" for position, name in list(names.items())[:_SHOWN])
        meant = translate(names)
        return (
            f"{told}: of the columns beside the target, counted from 0, {listed}. If these are meant, write "
            f"{self._name}: {_yaml(meant)}{self._encoded(meant)}."
        )

    def _encoded(self, meant: Any) -> str:
        """Return what else must be written where some of the columns that are meant are texts."""
        texts = [name for name in self._texts if name in meant] if self._parameter.single else []
        if not texts:
            return ""
        told = f" with preprocessing.categorical.encode: Ordinal, as {', '.join(texts)} must stay one column"
        if self._name == native_categories.CATEGORICAL_FEATURES and sorted(meant) == sorted(self._texts):
            told += "; or encode: Native without it, which means the same"
        return told

    def _of_names(self, names: Sequence[str]) -> Iterator[str]:
        if self._columns is None:
            return
        known, present = {name.lower(): name for name in self._columns}, frozenset(self._columns)
        for name in [name for name in dict.fromkeys(names) if name not in present]:
            near = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"did you mean {_yaml(known[near[0]])}?" if near else f"there are {self._some()}."
            if name.lstrip("-").isdecimal() and not near:
                hint = f"columns have names, not positions: {self._some()}."
            yield f"{self._place} names the column {show(name)}, which is not among those that the model sees; {hint}"

    def _some(self) -> str:
        """Return the names of the columns, at most a few."""
        columns = self._columns or []
        return ", ".join(columns[:_SHOWN]) + (", …" if len(columns) > _SHOWN else "")

    def _example(self, written: str = "") -> str:
        """Return how names are written, with what was written or two columns of the data where they are known."""
        columns = self._columns or []
        first, second, *_ = [*[name for name in columns if name == written], *columns, "age", "height"]
        value = (self._parameter.choices or (2,))[-1]
        return {
            ColumnForm.NAMES: _yaml([first]),
            ColumnForm.GROUPS: _yaml([[first, second]]),
        }.get(self._parameter.form, _yaml({first: value}))


def _key(item: Any) -> Any:
    """Return a position as a key; 1.0 and true are no positions."""
    return item if isinstance(item, int) and not isinstance(item, bool) else None


def _yaml(value: Any) -> str:
    """Return names as they are written in the YAML of a job."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(key)}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", value) and value.lower() not in _YAML_WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)
