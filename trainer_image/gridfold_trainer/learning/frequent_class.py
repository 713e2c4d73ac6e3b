"""Two classes of which the frequent one is the positive one, though nobody asked for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.domain.positive import about, yaml_text

#: Of labels that mean "it is so" to everyone, and of all others; from this share on it is worth a word.
_MEANT_SHARE, _SHARE = 0.75, 0.55
_MEANT = ("1", "yes", "true", "y", "t", "positive", "pos")
_TWO = 2


def warning(
    spec: TrainingJobSpec, resolved: Resolved, y_train: np.ndarray, classes: Sequence[Any] | None, positive: int | None
) -> str | None:
    """Return what to write where the metrics are about the frequent class of the training part by default alone."""
    words = about(resolved)
    if not words or spec.dataset.positive_class is not None or classes is None or positive is None:
        return None
    share = float(np.mean(y_train == positive))
    label, other = (str(classes[code]) for code in (positive, _TWO - 1 - positive))
    if share < (_MEANT_SHARE if label.lower() in _MEANT else _SHARE):
        return None
    return (
        f"Write dataset.positiveClass: {yaml_text(other)} if that is what you look for: {words}, "
        f"{100 * share:.0f} % of the training rows."
    )
