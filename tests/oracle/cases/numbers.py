"""Targets that are numbers."""

from tests.oracle.cases.case import NO_NUMERIC, REGRESSION, SEED, Cases, k_fold, regression
from tests.oracle.tables import bundled, numbers

#: A job measures at most 20.
MORE_REGRESSION = [
    *REGRESSION,
    "neg_mean_squared_error",
    "neg_median_absolute_error",
    "neg_max_error",
    "neg_mean_squared_log_error",
    "neg_root_mean_squared_log_error",
    "neg_mean_poisson_deviance",
    "neg_mean_gamma_deviance",
    "explained_variance",
    "d2_absolute_error_score",
]

NUMBER_TARGETS: Cases = {
    "ridge": (
        lambda: bundled("diabetes"),
        regression("linear_model.Ridge", {"alpha": [0.1, 1, 10.5], "fit_intercept": [True, False]}),
    ),
    "regression-boosting-mixed": (
        numbers,
        regression(
            "ensemble.HistGradientBoostingRegressor",
            {"max_iter": [5, 9], "loss": ["squared_error", "absolute_error"]},
            parameters=SEED,
            objective="neg_mean_absolute_error",
        ),
    ),
    "regression-forest-repeats": (
        lambda: bundled("diabetes"),
        regression(
            "ensemble.RandomForestRegressor",
            {"n_estimators": [5], "max_depth": [2, None]},
            cv=k_fold(3, repeats=3),
            metrics=MORE_REGRESSION,
            objective="neg_mean_gamma_deviance",
        ),
    ),
    "regression-neighbours-unprepared": (
        lambda: bundled("diabetes"),
        regression("neighbors.KNeighborsRegressor", {"n_neighbors": [2, 9]}, preprocessing=NO_NUMERIC),
    ),
    "regression-writes-into-its-rows": (
        lambda: bundled("diabetes"),
        regression("linear_model.Lasso", {"alpha": [0.1, 1.5], "copy_X": [False, True]}, preprocessing=NO_NUMERIC),
    ),
    "regression-some-cells-diverge": (
        lambda: bundled("diabetes"),
        regression("linear_model.SGDRegressor", {"eta0": [0.01, 1e9], "max_iter": [3]}, preprocessing=NO_NUMERIC),
    ),
}
