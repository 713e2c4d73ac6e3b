"""What the winner took for what, on the validation and the test part, as counts.

The counts of the test part are what a model in use can later be compared with: the last model has been fitted on the
validation part, and what chose the winner flatters it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gridfold_trainer.learning.scorers import confusion_matrix

#: The counts of two parts are 80,000 numbers then; of more classes nobody reads them.
MOST_CLASSES = 200

#: True codes or numbers, (rows,), and what the winner says of these rows.
Part = tuple[np.ndarray, Any]


def count(parts: Mapping[str, Part], classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return a section of status.json about these parts, empty where the winner cannot predict.

    Of classes, `confusion`: their labels, and for each part rows by true class (outer), then by predicted class. Of
    numbers, `errors`: for each part the number of rows, the sums of actual value, of its square, and of predicted minus
    actual: as it is, absolute, squared.
    """
    try:
        answered = {name: (truth, responses.predict()) for name, (truth, responses) in parts.items()}
    except MemoryError:
        raise
    except Exception:  # an estimator may raise anything; that its scores are missing is told elsewhere
        return {}
    if classes is None:
        return {"errors": {name: _errors(*answer) for name, answer in answered.items()}}
    if len(classes) > MOST_CLASSES:
        return {}
    matrices = {name: confusion_matrix(*answer, len(classes)).tolist() for name, answer in answered.items()}
    return {"confusion": {"classes": list(classes), **matrices}}


def _errors(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float | None]:
    error = predicted - truth
    with np.errstate(over="ignore", invalid="ignore"):
        sums = {
            "actual": truth.sum(),
            "actualSquared": (truth**2).sum(),
            "error": error.sum(),
            "absolute": np.abs(error).sum(),
            "squared": (error**2).sum(),
        }
    return {"rows": len(truth)} | {name: float(value) if np.isfinite(value) else None for name, value in sums.items()}
