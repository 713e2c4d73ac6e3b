"""What fit says of its parameters before it looks at any data: combinations that no rows can make right."""

import warnings
from typing import Any


class _LookedAtError(BaseException):
    """Fit has come to the data; no `except Exception` of an estimator's own may hide it."""


class _Unseen:
    """Rows or targets that nobody can look at."""

    def __getattribute__(self, name: str) -> Any:
        raise _LookedAtError

    def __len__(self) -> int:
        raise _LookedAtError

    def __iter__(self) -> Any:
        raise _LookedAtError

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise _LookedAtError


def refusal(estimator: Any) -> str | None:
    """Return the words with which an unfitted estimator refuses its parameters, whatever the data is, or None.

    A solver that lacks a penalty is such a case; many estimators look at the data first and say so only then. Nothing
    but a ValueError counts: it is what makes a cell infeasible. Only scikit-learn's own are asked.
    """
    if not type(estimator).__module__.startswith("sklearn."):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(_Unseen(), _Unseen())
    except ValueError as error:
        return " ".join(str(error).split())
    except (_LookedAtError, Exception):
        return None
    return None
