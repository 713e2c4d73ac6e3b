"""`gridfold.GridSearch` is an estimator as scikit-learn's own checks of estimators want one."""

import warnings
from functools import partial
from typing import Any

import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import estimator_checks_generator

from gridfold_notebook.grid_search import GridSearch
from tests.e2e.warm_jobs import WarmRunner

#: Every fit is a job of 0.7 CPU-seconds. Not run, and why:
NOT_RUN = {
    "readonly_memmap": "fit writes X into a table whatever memory it is in; check_readonly_memmap_input is run",
    "X_dtype": "the same table once more; check_estimators_dtypes is run",
    "check_array_api_input": "no array but numpy's is taken, and the check skips itself without SCIPY_ARRAY_API",
}
#: Of a regressor, those that look at what is about its target.
ABOUT_TARGETS = ("regressor", "supervised_y", "dtype_object", "requires_y", "nan_inf", "1sample", "fit_score_takes_y")


#: What asks whether two fits are the same has to have two.
ASKS_AGAIN = "check_fit_idempotent"


def checks_of(search: GridSearch, wanted: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Return the checks of scikit-learn, by name, that have one of these words in it; none of NOT_RUN."""
    found = []
    for _, check in estimator_checks_generator(search):
        assert isinstance(check, partial)
        name = f"{check.func.__name__} {check.keywords or ''}".strip()
        if any(word in name for word in wanted) and not any(word in name for word in NOT_RUN):
            found.append((name, check))
    return found


@pytest.mark.parametrize(
    ("search", "wanted", "least"),
    [
        pytest.param(
            GridSearch(LogisticRegression(), {"C": [1.0]}, cv=2), ("",), 45, id="classifier", marks=pytest.mark.long
        ),
        pytest.param(GridSearch(Ridge(), {"alpha": [1.0]}, cv=2), ABOUT_TARGETS, 10, id="regressor"),
    ],
)
def test_the_checks_of_scikit_learn_pass(
    warm: WarmRunner, search: GridSearch, wanted: tuple[str, ...], least: int
) -> None:
    checks = checks_of(search, wanted)
    assert len(checks) >= least, checks
    failed = {}
    for name, check in checks:
        warm.copies = name != ASKS_AGAIN
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SkipTestWarning)
            try:
                check(search)
            except Exception as error:
                failed[name] = error
    assert not failed
