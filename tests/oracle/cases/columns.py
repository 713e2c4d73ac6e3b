"""What an estimator is told of columns by name, and categories that it treats itself."""

from tests.oracle.cases.case import NO_NUMERIC, SEED, Cases, case, k_fold, regression
from tests.oracle.tables import mixed, numbers, three_classes

BOOSTING = {**SEED, "max_iter": 6, "min_samples_leaf": 5}

COLUMNS: Cases = {
    "native-beside-other-encodings": (
        mixed,
        case(
            "ensemble.HistGradientBoostingClassifier",
            {
                "preprocessing.categorical.encode": ["OneHot", "Native", "Ordinal"],
                "preprocessing.categorical.impute": ["None", "MostFrequent"],
                "max_leaf_nodes": [5],
            },
            parameters=BOOSTING,
            by_name=True,
        ),
    ),
    "native-many-classes": (
        lambda: three_classes(mixed()),
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"learning_rate": [0.1, 0.5]},
            parameters=BOOSTING,
            preprocessing={"categorical.encode": "Native", "categorical.impute": "None", **NO_NUMERIC},
            average="Macro",
            by_name=True,
        ),
    ),
    "native-regression-monotonic": (
        numbers,
        regression(
            "ensemble.HistGradientBoostingRegressor",
            {"monotonic_cst": [None, {"size": 1, "noise": -1}], "max_leaf_nodes": [4, 9]},
            parameters=BOOSTING,
            preprocessing={"categorical.encode": "Native"},
            by_name=True,
        ),
    ),
    "monotonic-beside-one-hot-columns": (
        mixed,
        case(
            "ensemble.RandomForestClassifier",
            {"monotonic_cst": [None, {"noise": 1, "size": -1}], "max_depth": [4]},
            parameters={**SEED, "n_estimators": 4},
            by_name=True,
        ),
    ),
    "interactions-of-one-hot-columns": (
        mixed,
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"interaction_cst": [[["colour", "noise"], ["size", "rare"]], [["whole", "colour"]], None]},
            parameters={**BOOSTING, "monotonic_cst": {"whole": 1}},
            by_name=True,
        ),
    ),
    "smoothing-by-column": (
        mixed,
        case(
            "naive_bayes.MultinomialNB",
            {"alpha": [{"colour": 5, "noise": 0.5}, 0.1]},
            preprocessing={"numeric.scale": "MinMax"},
            cv=k_fold(3),
            by_name=True,
        ),
    ),
    "distances-weighted-by-column": (
        mixed,
        case(
            "neighbors.KNeighborsClassifier",
            {"metric_params": [{"w": {"colour": 3, "same": 0}}, None], "n_neighbors": [4]},
            cv=k_fold(3),
            by_name=True,
        ),
    ),
}
