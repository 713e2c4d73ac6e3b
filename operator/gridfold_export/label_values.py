"""Parameters whose values are labels of the target: a fit is on codes, so the script names classes by those."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.grid import plain_value
from gridfold_export.literals import Call

#: Parameters of the estimator whose value is a label, each with the words that are none.
LabelParameters = Mapping[str, Sequence[str]]
_CLASS_WEIGHT = "class_weight"


def parameter_value(name: str, value: Any, labels: LabelParameters) -> Any:
    """Return the value of a parameter; what names a class by its label names it by its code, as y has the classes."""
    plain = plain_value(value)
    if name == _CLASS_WEIGHT and isinstance(plain, dict):
        return Call("code_weights", (plain,))
    if name not in labels or plain is None or plain in labels[name] or isinstance(plain, dict):
        return plain
    return [_code(label) for label in plain] if isinstance(plain, list) else _code(plain)


def weighs_labels(spec: TrainingJobSpec) -> bool:
    """Tell whether class weights are given by label anywhere."""
    return any(isinstance(value, Mapping) for value in _values(spec, _CLASS_WEIGHT))


def names_labels(spec: TrainingJobSpec, labels: LabelParameters) -> bool:
    """Tell whether any other parameter names a class by its label anywhere."""
    return any(
        value is not None and value not in words for name, words in labels.items() for value in _values(spec, name)
    )


def _values(spec: TrainingJobSpec, name: str) -> Iterator[Any]:
    """Yield what a parameter is given."""
    yield spec.estimator.parameters.get(name)
    for axes in spec.search.grid:
        yield from axes.get(name, ())


def _code(label: Any) -> Call:
    return Call(
        "code_of", (label if isinstance(label, str) else str(int(label) if isinstance(label, bool) else label),)
    )
