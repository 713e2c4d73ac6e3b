"""y as a column of a table, and the way back from what the table's model says to labels as y has them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from gridfold_notebook.columns import CATEGORICAL, NUMERIC


@dataclass(frozen=True)
class Target:
    """What is to be predicted."""

    texts: list[str]  #: as the table has them
    kind: str = NUMERIC  #: as dataset.columnTypes says it
    classes: Any = None  #: the labels as y has them, sorted, shape (classes,); None: numbers


def target_of(y: Any, *, classifier: bool) -> tuple[Target, list[str]]:
    """Return y as a column of the table, and all that is wrong with it.

    A matrix of one column is taken for that column, with scikit-learn's DataConversionWarning.
    """
    if y is None:
        return Target([]), ["it requires y to be passed, but the target y is None"]
    try:
        values = column_or_1d(y, warn=True)
    except ValueError:
        return Target([]), [f"y has the shape {np.shape(y)}; expected one value for each row: (rows,)"]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return Target([]), [f"y contains {'NaN' if np.isnan(values).any() else 'infinity'}; expected finite numbers"]
    return _classes(values) if classifier else _numbers(values)


def _numbers(values: Any) -> tuple[Target, list[str]]:
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([math.nan])
    if values.dtype.kind not in "biufO" or not np.isfinite(numbers).all():
        return Target([]), [f"y has the type {values.dtype}, or values that are no finite numbers; expected numbers"]
    return Target([repr(value) for value in numbers.tolist()]), []


def _classes(values: Any) -> tuple[Target, list[str]]:
    labels = list(dict.fromkeys(values.tolist()))
    if all(isinstance(label, str) for label in labels):
        kind, wrong = CATEGORICAL, [label for label in labels if not label or label != label.strip()]
    else:
        kind, wrong = NUMERIC, [label for label in labels if not _is_whole(label)]
    if wrong:
        what = "continuous values" if all(isinstance(label, float) for label in wrong) else "the labels"
        return Target([]), [
            f"y has {what} {wrong[:5]!r}; expected discrete classes: all whole numbers, or all texts that are not "
            "empty and without white space around them"
        ]
    if len(labels) == 1:
        return Target([]), [f"y has 1 class, {labels[0]!r}; expected at least 2 classes to tell apart"]
    texts = values.tolist() if kind == CATEGORICAL else [str(int(label)) for label in values.tolist()]
    return Target(texts, kind, np.unique(values)), []


def _is_whole(label: Any) -> bool:
    """Tell whether a label is a whole number: 1, 1.0, True."""
    return isinstance(label, int) or (isinstance(label, float) and label.is_integer())
