"""Parameters whose values are labels of the target: written as the data writes them, translated where it matters.

Every fit is on codes 0 … k-1, the classes in their order, because some estimators give labels a meaning of their own:
-1 is "no label" to LabelSpreading, 1 the positive class to a scorer inside a fit, and CalibratedClassifierCV's
temperature reads beyond its arrays where labels are not codes. So what a parameter calls by label is called by code.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridfold.api.validation import show
from gridfold_trainer.learning.python_values import label_hint

CLASS_WEIGHT = "class_weight"
#: Estimator: its parameters whose value is a label, or a list of them, each with the words that are none.
_LABELS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "DummyClassifier": {"constant": ()},
    "RadiusNeighborsClassifier": {"outlier_label": ("most_frequent",)},
}
#: It encodes the target before it looks at the weights (scikit-learn 1.9).
_WEIGHS_CODES = "HistGradientBoostingClassifier"


def label_parameters(cls: type) -> dict[str, tuple[str, ...]]:
    """Return the parameters whose value is a label, each with the words that are none."""
    return {name: words for base in cls.__mro__ for name, words in _LABELS.get(base.__name__, {}).items()}


def label_problems(cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None) -> list[str]:
    """Return which parameters name a class that is not there; labels are looked at only where classes are given."""
    problems = list(_weight_problems(parameters.get(CLASS_WEIGHT), classes))
    for name, labels in _named(cls, parameters) if classes is not None else ():
        problems += [
            f"{name} is the class {show(label)}; {_choices(classes)}.{_hint(label)}"
            for label in labels
            if find_class(label, classes or ()) is None
        ]
    return problems


def by_code(cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return parameters with codes in place of labels, as every fit wants them (no classes: as they are)."""
    return {**parameters, **_translated(cls, parameters, classes, range(len(classes or ())))}


def by_label(cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return those parameters that name classes, with labels as the data has them: what the last model shows."""
    return _translated(cls, parameters, classes, classes or ())


def find_class(label: Any, classes: Sequence[Any]) -> int | None:
    """Return the code of the class that a value of the spec means, or None.

    Of numbers, "1", "1.0", "01" and 1 are the same; true is the number 1. A text is found by its every character,
    and a number among texts by its digits.
    """
    text = "" if isinstance(label, bool) else str(label)
    for code, known in enumerate(classes):
        if text == known if isinstance(known, str) else _number(label) == known:
            return code
    return None


def _number(label: Any) -> float | None:
    if isinstance(label, int):
        return label
    try:
        return float(label)
    except (TypeError, ValueError):
        return None


def _named(cls: type, parameters: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the parameters that name classes by a value, each with its labels."""
    for name, words in label_parameters(cls).items():
        value = parameters.get(name)
        labels = list(value) if isinstance(value, list | tuple) else [value]
        if value is not None and value not in words and not isinstance(value, Mapping):
            yield name, labels


def _translated(
    cls: type, parameters: Mapping[str, Any], classes: Sequence[Any] | None, spoken: Sequence[Any]
) -> dict[str, Any]:
    """Return the parameters that name classes, each class as `spoken` has it; what is no class is left out, or kept."""
    if classes is None:
        return {}

    def say(label: Any) -> Any:
        code = find_class(label, classes)
        return label if code is None else spoken[code]

    found = {}
    for name, labels in _named(cls, parameters):
        said = [say(label) for label in labels]
        found[name] = said if isinstance(parameters[name], list | tuple) else said[0]
    weights = parameters.get(CLASS_WEIGHT)
    if isinstance(weights, Mapping):
        weighs_codes = any(base.__name__ == _WEIGHS_CODES for base in cls.__mro__)
        names = range(len(classes)) if weighs_codes else spoken
        codes = {label: find_class(label, classes) for label in weights}
        found[CLASS_WEIGHT] = {names[code]: weights[label] for label, code in codes.items() if code is not None}
    return found


def _weight_problems(weights: Any, classes: Sequence[Any] | None) -> Iterator[str]:
    if not isinstance(weights, Mapping):
        return
    for weight in weights.values():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            yield f"class_weight has the value {show(weight)}; expected a number for each class."
    for label in weights if classes is not None else ():
        if find_class(label, classes or ()) is None:
            yield f"class_weight names the class {show(label)}; {_choices(classes)}.{_hint(label)}"


def _choices(classes: Sequence[Any] | None) -> str:
    return f"the target has {show(list(classes or ()))}"


def _hint(label: Any) -> str:
    return label_hint(str(label).lower() if isinstance(label, bool) else str(label))
