"""What metrics ask of the target's values: told before any cell runs, since no fold could have a value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gridfold.api.v1alpha1 import TOP_K

_ALTERNATIVES = "neg_root_mean_squared_error, neg_mean_absolute_error or r2"


@dataclass(frozen=True)
class _Domain:
    """The numbers that a metric is defined for."""

    words: str
    holds: Callable[[np.ndarray], np.ndarray]
    instead: str = _ALTERNATIVES


_ABOVE_MINUS_ONE = _Domain("targets above -1", lambda y: y > -1)
_DOMAINS = {
    "neg_mean_squared_log_error": _ABOVE_MINUS_ONE,
    "neg_root_mean_squared_log_error": _ABOVE_MINUS_ONE,
    "neg_mean_poisson_deviance": _Domain("targets of at least 0", lambda y: y >= 0),
    "neg_mean_gamma_deviance": _Domain(
        "targets above 0", lambda y: y > 0, f"neg_mean_poisson_deviance (where none is negative), {_ALTERNATIVES}"
    ),
}


def problems(metrics: Sequence[str], y: np.ndarray, classes: Sequence[object] | None) -> list[str]:
    """Return which metrics cannot be measured on these targets, numbers or (classes given) codes."""
    if classes is not None:
        return [_guesses(metric, len(classes)) for metric in metrics if TOP_K.get(metric, 0) >= len(classes)]
    found = []
    for metric in metrics:
        domain = _DOMAINS.get(metric)
        outside = y[~domain.holds(y)] if domain else y[:0]
        if domain and len(outside):
            found.append(
                f"spec.scoring.metrics has {metric}, which is defined for {domain.words} only, but {len(outside)} of "
                f"{len(y)} rows have others, the least is {outside.min():g}; use {domain.instead}."
            )
    return found


def _guesses(metric: str, classes: int) -> str:
    fewer = [other for other, guesses in TOP_K.items() if guesses < classes]
    return (
        f"spec.scoring.metrics has {metric}, which counts a row as right if its class is among the {TOP_K[metric]} "
        f"likeliest, but the target has {classes} classes, so that every model has 1; use "
        f"{' or '.join([*fewer, 'accuracy'])}."
    )
