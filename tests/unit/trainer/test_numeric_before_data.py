"""What fit says before it looks at data is true of all data, and of every estimator with its defaults it is nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from gridfold_trainer.learning import before_data, estimators
from gridfold_trainer.learning.allowed_estimators import CLASSIFIERS, REGRESSORS, full_names


def test_no_estimator_refuses_its_defaults_or_takes_what_nobody_can_look_at_for_data() -> None:
    found = {}
    for name in full_names(CLASSIFIERS) | full_names(REGRESSORS):
        estimator = estimators.build(estimators.load_class(name), {})
        found[name] = before_data.refusal(estimator)
    assert len(found) > 70
    assert {name: words for name, words in found.items() if words is not None} == {}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (LogisticRegression(penalty="l1"), "Solver lbfgs supports only 'l2' or None penalties, got l1 penalty."),
        (LogisticRegression(dual=True), "Solver lbfgs supports only dual=False, got dual=True"),
        (SGDClassifier(alpha=-1.0), "The 'alpha' parameter of SGDClassifier must be a float"),
        (LinearSVC(penalty="l1", loss="hinge"), None),  # refused by every fit, but after a look at the data
        (KNeighborsClassifier(1000), None),  # refused on fewer rows only
        (LogisticRegression(solver="saga", penalty="l1", tol=0.1), None),
    ],
)
def test_what_is_refused_before_the_data_is_refused_with_data_in_the_same_words(
    estimator: object, words: str | None
) -> None:
    found = before_data.refusal(estimator)
    if words is None:
        assert found is None
        return
    assert found is not None
    assert found.startswith(words)
    with pytest.raises(ValueError, match="^") as raised:
        estimator.fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])  # type: ignore[attr-defined]
    assert " ".join(str(raised.value).split()) == found
