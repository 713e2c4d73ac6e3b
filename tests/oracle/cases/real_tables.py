"""Tables of the world, and what noise in the test part may not change."""

from tests.oracle.cases.case import NO_NUMERIC, SEED, STRATIFIED, Cases, case, k_fold
from tests.oracle.tables import bundled, mixed, real, with_noise

REAL_TABLES: Cases = {
    "noise-mixed": (
        lambda: with_noise(mixed(), STRATIFIED),
        case("linear_model.LogisticRegression", {"C": [0.1, 1]}, cv=k_fold(3)),
    ),
    "noise-mixed-without": (mixed, case("linear_model.LogisticRegression", {"C": [0.1, 1]}, cv=k_fold(3))),
    "noise-forest": (
        lambda: with_noise(bundled("breast_cancer"), STRATIFIED),
        case("ensemble.ExtraTreesClassifier", {"n_estimators": [4]}, preprocessing=NO_NUMERIC),
    ),
    "noise-forest-without": (
        lambda: bundled("breast_cancer"),
        case("ensemble.ExtraTreesClassifier", {"n_estimators": [4]}, preprocessing=NO_NUMERIC),
    ),
    "german.csv": (
        lambda: real("german.csv", 21),
        case("ensemble.GradientBoostingClassifier", {"n_estimators": [5, 10], "max_depth": [2, 3]}, parameters=SEED),
    ),
    "horse-colic.csv": (
        lambda: real("horse-colic.csv", 28),
        case(
            "ensemble.RandomForestClassifier",
            {"max_depth": [3, None], "preprocessing.numeric.impute": ["Median", "None"]},
            missing=["?"],
            positive=1.0,
            parameters={**SEED, "n_estimators": 10},
        ),
    ),
    "pima-indians-diabetes.csv": (
        lambda: real("pima-indians-diabetes.csv", 9),
        case("linear_model.LogisticRegression", {"C": [0.01, 0.1, 1], "class_weight": ["balanced", None]}),
    ),
    "phoneme.csv": (
        lambda: real("phoneme.csv", 6),
        case("neighbors.KNeighborsClassifier", {"n_neighbors": [1, 3]}, cv=k_fold(5, seed=8)),
    ),
}
