"""Boosters of other packages.

The numeric columns of `mixed` are size, whole, sparse, same, noise, its texts colour, rare."""

from tests.oracle.cases.case import METRICS, RANDOM_SPLIT, Cases, case, k_fold, regression
from tests.oracle.tables import many_classes, mixed, numbers, three_classes

BOOSTERS: Cases = {
    "xgboost-native-monotonic": (
        mixed,
        case(
            "xgboost.XGBClassifier",
            {"max_depth": [2, 3], "preprocessing.categorical.impute": ["None", "MostFrequent"]},
            parameters={"n_estimators": 5, "monotone_constraints": {"noise": 1}},
            preprocessing={"categorical.encode": "Native"},
            metrics=[*METRICS, "roc_auc", "neg_log_loss"],
            by_hand={
                "parameters": {
                    "n_jobs": 1,
                    "enable_categorical": True,
                    "feature_types": ["q"] * 5 + ["c"] * 2,
                    "monotone_constraints": "(0,0,0,0,1,0,0)",
                }
            },
        ),
    ),
    "xgboost-many-classes": (
        many_classes,
        case(
            "xgboost.XGBClassifier",
            {"max_depth": [2, 4]},
            parameters={"n_estimators": 4, "subsample": 0.5, "random_state": 3},
            average="Macro",
            cv=k_fold(3),
            split=RANDOM_SPLIT,
            by_hand={"parameters": {"n_jobs": 1}},
        ),
    ),
    "xgboost-regression": (
        numbers,
        regression(
            "xgboost.XGBRegressor",
            {"max_depth": [2, 4]},
            parameters={"n_estimators": 5},
            by_hand={"parameters": {"n_jobs": 1}},
        ),
    ),
    "lightgbm-native-many-classes": (
        lambda: three_classes(mixed()),
        case(
            "lightgbm.LGBMClassifier",
            {"num_leaves": [4, 7]},
            parameters={"n_estimators": 5, "class_weight": {"yes": 2, "no": 1, "perhaps": 0.5}},
            preprocessing={"categorical.encode": "Native"},
            average="Macro",
            by_hand={
                "parameters": {"n_jobs": 1, "verbosity": -1},
                "fit": {"estimator__categorical_feature": [5, 6]},
            },
        ),
    ),
    "lightgbm-regression-interactions": (
        numbers,
        regression(
            "lightgbm.LGBMRegressor",
            {"num_leaves": [4, 7]},
            parameters={"n_estimators": 5, "extra_trees": True, "interaction_constraints": [["size", "whole"]]},
            preprocessing={"categorical.encode": "Ordinal"},
            by_hand={"parameters": {"n_jobs": 1, "verbosity": -1, "interaction_constraints": [[0, 1]]}},
        ),
    ),
}
