"""Whose classes a job may name: scikit-learn's, and those below the module prefixes that the platform allows."""

from collections.abc import Sequence

from gridfold.api.known_estimators import ESTIMATORS, full_name_advice

SCIKIT_LEARN = "sklearn"
#: Of a prefix, in the operator's settings.
PREFIX_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"


def parse_prefixes(text: str) -> tuple[str, ...]:
    """Return the prefixes of an environment variable, which separates them by commas."""
    return tuple(prefix for part in text.split(",") if (prefix := part.strip()))


def is_below(name: str, prefix: str) -> bool:
    """Tell whether a module or class is, or is in, the package or module of that name (foobar is not in foo)."""
    return name == prefix or name.startswith(f"{prefix}.")


def class_name_problem(class_name: str, prefixes: Sequence[str]) -> str | None:
    """Return why a job may not name this class, as far as the name says it."""
    if any(is_below(class_name, prefix) for prefix in prefixes):
        return None
    if is_below(class_name, SCIKIT_LEARN):
        return _scikit_learn_problem(class_name)
    more = f", or a class of {', '.join(prefixes)}" if prefixes else ""
    advice = full_name_advice(class_name)
    package = class_name.partition(".")[0]
    return (
        f"must be a classifier or regressor of scikit-learn, such as sklearn.svm.SVC{more}"
        f"{f'; {advice}' if advice and advice != f'write {class_name}' else ''}; other packages are allowed by the "
        "platform's setting trainer.estimatorPrefixes, and for `gridfold run` by "
        f"GRIDFOLD_ESTIMATOR_PREFIXES={package}"
    )


def _scikit_learn_problem(class_name: str) -> str | None:
    if class_name in ESTIMATORS.values():
        return None
    advice = full_name_advice(class_name) or "docs/estimators.md lists them"
    return f"is not the full name of a classifier or regressor of scikit-learn; {advice}"
