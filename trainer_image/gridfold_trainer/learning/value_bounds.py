"""Between which numbers a parameter may lie, by the estimator's own word."""

import math
from numbers import Integral
from typing import Any

from gridfold.domain.numbers.edge import Bounds


def bounds_of(cls: Any, name: str, value: float) -> Bounds:
    """Return the ends of the range that a value lies in, as scikit-learn's `_parameter_constraints` declare it.

    A parameter may have several: of RandomForestClassifier's max_features whole numbers begin at 1, and fractions
    lie in (0, 1]. A whole number's own range comes first. Estimators that declare nothing have no ends.
    """
    from sklearn.utils._param_validation import Interval

    declared = getattr(cls, "_parameter_constraints", {}).get(name, ())
    ranges = [] if isinstance(declared, str) else [found for found in declared if isinstance(found, Interval)]
    fitting = [found for found in ranges if found.is_satisfied_by(value)]
    if not fitting:
        return Bounds()
    whole = isinstance(value, int)
    found = next((found for found in fitting if (found.type is Integral) == whole), fitting[0])
    return Bounds(
        low=_finite(found.left),
        high=_finite(found.right),
        includes_low=found.closed in ("left", "both"),
        includes_high=found.closed in ("right", "both"),
    )


def _finite(end: Any) -> float | None:
    return None if end is None or math.isinf(end) else end
