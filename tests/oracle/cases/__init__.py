"""The cases of the oracle suite: a table of texts, and a search. Small, so that the suite stays quick."""

from tests.oracle.cases.boosters import BOOSTERS
from tests.oracle.cases.case import Cases
from tests.oracle.cases.classes import CLASSES
from tests.oracle.cases.columns import COLUMNS
from tests.oracle.cases.metrics import MEASURED
from tests.oracle.cases.numbers import NUMBER_TARGETS
from tests.oracle.cases.orders import ORDERS
from tests.oracle.cases.real_tables import REAL_TABLES
from tests.oracle.cases.simplest import SIMPLEST
from tests.oracle.cases.unprepared import UNPREPARED

#: Cases whose fits are scored on their own rows, too: by every kind of shared work, estimator and failure. A fit that
#: writes into its rows is none of them: of a DataFrame GridSearchCV scores what it has left (a unit test has ours).
_TRAIN_SCORES = {
    "categories-left-missing",
    "cells-drawn-that-cannot-be-measured",
    "cells-that-cannot-be-measured",
    "folds-without-a-class",
    "hist-gradient-boosting-mixed",
    "k-neighbours-weighted",
    "logistic-regression-positive-first",
    "metrics-in-an-order-that-matters",
    "native-many-classes",
    "objective-without-a-value",
    "preprocessing-axes-mixed",
    "random-forest-list-of-grids",
    "regression-boosting-mixed",
    "regression-some-cells-diverge",
    "simplest-tree",
    "some-cells-fail",
    "three-classes-every-metric",
    "time-with-a-gap",
}
_CASES: Cases = {
    **CLASSES,
    **REAL_TABLES,
    **NUMBER_TARGETS,
    **MEASURED,
    **ORDERS,
    **COLUMNS,
    **BOOSTERS,
    **UNPREPARED,
    **SIMPLEST,
}
CASES: Cases = {
    name: (table, {**case, "train_scores": name in _TRAIN_SCORES}) for name, (table, case) in _CASES.items()
}
