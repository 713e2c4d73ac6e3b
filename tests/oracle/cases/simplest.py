"""Winners that are the simplest of the good ones: the refit callable of scikit-learn's example on model complexity."""

from tests.oracle.cases.case import SEED, Cases, case, k_fold, regression
from tests.oracle.tables import bundled

SIMPLEST: Cases = {
    "simplest-tree": (
        lambda: bundled("breast_cancer"),
        case(
            "tree.DecisionTreeClassifier",
            {"max_depth": [None, 9, 4, 2, 1], "min_samples_leaf": [1, 20]},
            parameters=SEED,
            simplest=[("max_depth", "Lowest"), ("min_samples_leaf", "Highest")],
            curve=[10, 25, 50, 100],
        ),
    ),
    "simplest-ridge-repeats": (
        lambda: bundled("diabetes"),
        regression(
            "linear_model.Ridge",
            {"alpha": [0.1, 1, 10, 30, 100, 1e4]},
            cv=k_fold(4, repeats=3),
            objective="neg_mean_absolute_error",
            curve=[1, 50, 100],
            simplest=[("alpha", "Highest")],
        ),
    ),
    "simplest-some-cells-diverge": (
        lambda: bundled("diabetes"),
        regression(
            "linear_model.SGDRegressor",
            {"eta0": [0.05, 0.01, 1e9], "max_iter": [3, 5]},
            simplest=[("eta0", "Highest")],
        ),
    ),
}
