"""The score of a model on rows of one's own, by the metric that decided, measured as in the job."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from gridfold.api.status import Resolved
from gridfold_trainer.learning.responses import Responses
from gridfold_trainer.learning.scorers import make_scorer


def score(model: Any, rows: Any, y: Any, classes: Any, resolved: Mapping[str, Any]) -> float:
    """Return the objective of a fitted model. `classes`: labels as y has them, sorted; None: numbers.

    Raises:
        ValueError: y has other labels, or another number of rows.
    """
    objective = resolved["objective"]
    about = Resolved.model_validate({**resolved, "metrics": [objective]})
    truth = column_or_1d(y)
    check_consistent_length(rows, truth)
    if classes is None:
        numbers = make_scorer(about, None, None).scores(truth.astype(np.float64), Responses.of_transformed(model, rows))
        return float(numbers.values[objective] or 0.0)
    strange = sorted(set(truth.tolist()) - set(classes.tolist()), key=repr)
    if strange:
        raise ValueError(
            f"y has the labels {strange[:5]!r}, which fit has not seen; expected {classes.tolist()[:20]!r}"
        )
    positive = [str(label) for label in model.classes_].index(about.positive_class) if about.positive_class else None
    coded = Responses.of_transformed(_InCodes(model), rows)
    found = make_scorer(about, classes.tolist(), positive).scores(np.searchsorted(classes, truth), coded)
    return float(found.values[objective] or 0.0)


class _InCodes:
    """A model that says the place of a label in its classes instead of the label, as all that a job measures."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.classes_ = np.arange(len(model.classes_))

    def predict(self, rows: Any) -> Any:
        """Return codes, shape (rows,)."""
        return np.searchsorted(self._model.classes_, self._model.predict(rows))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
