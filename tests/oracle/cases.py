"""The cases of the oracle suite: a table of texts, and a search. Small, so that the suite stays quick."""

from collections.abc import Callable
from typing import Any

from tests.oracle.tables import (
    Table,
    bundled,
    grouped,
    in_folds,
    many_classes,
    mixed,
    numbers,
    one_class_folds,
    rare,
    real,
    respelled,
    three_classes,
    timed,
    with_noise,
)

Case = dict[str, Any]
#: Packages that the platform of these cases allows.
BOOSTERS = ("lightgbm", "xgboost")

METRICS = ["accuracy", "precision", "recall", "f1"]
REGRESSION = [
    "r2",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_percentage_error",
]
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
EVERY = [*METRICS, "balanced_accuracy", "roc_auc", "average_precision", "neg_log_loss", "matthews_corrcoef"]
EVERY += ["f2", "f0.5", "jaccard", "cohen_kappa", "neg_brier_score", "roc_auc_ovr", "d2_log_loss_score"]
EVERY += ["positive_likelihood_ratio", "neg_negative_likelihood_ratio", "d2_brier_score", "roc_auc_ovo_weighted"]
OF_MORE_CLASSES = ["f1", "f2", "f0.5", "jaccard", "cohen_kappa", "matthews_corrcoef", "top_k_accuracy"]
OF_MORE_CLASSES += ["roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "neg_brier_score"]
OF_MORE_CLASSES += ["d2_brier_score", "d2_log_loss_score", "average_precision", "neg_log_loss"]


def case(estimator: str, grid: list[dict[str, list[Any]]] | dict[str, list[Any]], **more: Any) -> Case:
    """Return a case with the defaults written out."""
    return {
        "estimator": f"sklearn.{estimator}" if estimator.partition(".")[0] not in BOOSTERS else estimator,
        "grid": grid if isinstance(grid, list) else [grid],
        "target": "target",
        "split": STRATIFIED,
        "cv": {"folds": 5, "method": "Stratified", "repeats": 1, "seed": 3},
        "metrics": METRICS,
        "objective": "f1",
        "average": "Binary",
        **more,
    }


STRATIFIED = {"train": 70, "validation": 15, "test": 15, "method": "Stratified", "seed": 7}
RANDOM_SPLIT = {"train": 60, "validation": 19, "test": 21, "method": "Random", "seed": 123}
NO_NUMERIC = {"numeric.impute": "None", "numeric.scale": "None"}
SEED = {"random_state": 0}


def k_fold(folds: int, repeats: int = 1, seed: int = 1) -> dict[str, Any]:
    return {"folds": folds, "method": "KFold", "repeats": repeats, "seed": seed}


def regression(estimator: str, grid: list[dict[str, list[Any]]] | dict[str, list[Any]], **more: Any) -> Case:
    """Return a case whose target is a number, with the defaults written out."""
    return case(
        estimator,
        grid,
        **{
            "split": RANDOM_SPLIT,
            "cv": k_fold(4),
            "metrics": REGRESSION,
            "objective": "r2",
            "average": "Auto",
            **more,
        },
    )


def folds(method: str, count: int = 4) -> dict[str, Any]:
    return {"folds": count, "method": method, "repeats": 1, "seed": 2}


#: name: (table, case). Names of real data sets start with their file's.
CASES: dict[str, tuple[Callable[[], Table], Case]] = {
    "logistic-regression": (
        lambda: bundled("breast_cancer"),
        case(
            "linear_model.LogisticRegression",
            {"C": [0.01, 1, 100.0], "tol": [0.1, 0.0001]},
            parameters={"max_iter": 60},
        ),
    ),
    "logistic-regression-positive-first": (
        lambda: bundled("breast_cancer"),
        case(
            "linear_model.LogisticRegression",
            {"C": [0.1, 10]},
            positive="benign",
            parameters={"class_weight": {"benign": 3, "malignant": 0.5}},
            objective="precision",
            metrics=["precision", "accuracy"],
        ),
    ),
    "boosting-weighs-codes": (
        lambda: bundled("breast_cancer"),
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [5, 10]},
            parameters={**SEED, "class_weight": {"benign": 3, "malignant": 0.5}},
        ),
    ),
    "spreading-of-minus-one": (  # which is "no label" to the estimator
        lambda: respelled(bundled("breast_cancer", 200), {"malignant": "-1", "benign": "1"}),
        case("semi_supervised.LabelSpreading", {"alpha": [0.2, 0.5]}),
    ),
    "boosting-scores-texts": (  # of which none is 1, the positive class of its scorer
        lambda: bundled("breast_cancer", 200),
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [3, 6], "scoring": ["f1", None]},
            parameters={**SEED, "early_stopping": True},
        ),
    ),
    "constant-classes": (
        lambda: respelled(bundled("iris"), {"setosa": "2", "versicolor": "10", "virginica": "1"}),
        case(
            "dummy.DummyClassifier",
            {"constant": [10, 1, "2", "none of them"]},
            parameters={"strategy": "constant"},
            average="Macro",
            named=["constant"],
        ),
    ),
    "outliers-of-a-class": (
        lambda: bundled("breast_cancer", 200),
        case(
            "neighbors.RadiusNeighborsClassifier",
            {"outlier_label": ["malignant", "benign", "most_frequent"], "radius": [2.5]},
            named=["outlier_label"],
        ),
    ),
    "random-forest-list-of-grids": (
        lambda: bundled("iris"),
        case(
            "ensemble.RandomForestClassifier",
            [
                {"n_estimators": [5, 10], "max_features": ["sqrt", None], "criterion": ["gini", "entropy"]},
                {"max_depth": [1, None], "bootstrap": [False], "n_estimators": [7]},
            ],
            average="Macro",
            parameters=SEED,
        ),
    ),
    "hist-gradient-boosting-mixed": (
        mixed,
        case(
            "ensemble.HistGradientBoostingClassifier",
            {"max_iter": [5, 10], "max_leaf_nodes": [7], "preprocessing.numeric.impute": ["None", "Mean"]},
            parameters=SEED,
        ),
    ),
    "preprocessing-axes-mixed": (
        mixed,
        case(
            "linear_model.LogisticRegression",
            {
                "C": [1],
                "preprocessing.numeric.impute": ["Median", "Mean", "MostFrequent"],
                "preprocessing.numeric.scale": ["Standard", "MinMax", "Robust", "None"],
                "preprocessing.categorical.encode": ["OneHot", "Ordinal"],
            },
            cv=k_fold(3),
            parameters={"max_iter": 50},
        ),
    ),
    "categories-left-missing": (
        mixed,
        case(
            "ensemble.ExtraTreesClassifier",
            {"preprocessing.categorical.impute": ["None", "MostFrequent"], "min_samples_leaf": [1, 5]},
            parameters={**SEED, "n_estimators": 8},
            split=RANDOM_SPLIT,
            average="Weighted",
        ),
    ),
    "decision-tree-repeats": (
        mixed,
        case(
            "tree.DecisionTreeClassifier",
            {"max_depth": [2, 4, None]},
            cv={"folds": 3, "method": "Stratified", "repeats": 4, "seed": 9},
            parameters=SEED,
        ),
    ),
    "k-neighbours-weighted": (
        lambda: bundled("wine"),
        case(
            "neighbors.KNeighborsClassifier",
            {"n_neighbors": [1, 5, 60, 500], "weights": ["uniform", "distance"]},
            average="Weighted",
            split=RANDOM_SPLIT,
            cv=k_fold(4, repeats=2),
        ),
    ),
    "svc-micro": (
        lambda: bundled("digits", 500),
        case("svm.SVC", {"C": [1, 10], "kernel": ["rbf", "linear"]}, average="Micro", cv=k_fold(3)),
    ),
    "gaussian-naive-bayes": (
        lambda: bundled("wine"),
        case("naive_bayes.GaussianNB", {"var_smoothing": [1e-9, 0.1, 1]}, average="Macro", preprocessing=NO_NUMERIC),
    ),
    "many-classes-sgd": (
        many_classes,
        case(
            "linear_model.SGDClassifier",
            {"alpha": [0.0001, 0.01], "loss": ["hinge", "log_loss"]},
            parameters={**SEED, "max_iter": 20, "class_weight": {"10": 2.5, "-1": 1, "7": 0.5}},
            average="Macro",
            split=RANDOM_SPLIT,
            cv=k_fold(5),
        ),
    ),
    "some-cells-fail": (
        lambda: bundled("iris"),
        case(
            "discriminant_analysis.LinearDiscriminantAnalysis",
            {"solver": ["svd", "lsqr"], "shrinkage": [None, 0.5], "n_components": [None, 2, 40]},
            average="Macro",
        ),
    ),
    "no-cell-has-a-score": (
        mixed,
        case("naive_bayes.MultinomialNB", {"alpha": [0.5, 1.5]}),  # scaled numbers are negative
    ),
    "mlp-lists": (
        lambda: bundled("iris"),
        case(
            "neural_network.MLPClassifier",
            {"hidden_layer_sizes": [[5], [6, 3]]},
            parameters={**SEED, "max_iter": 30},
            average="Macro",
        ),
    ),
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
GROUPED = {**STRATIFIED, "method": "Grouped"}
TIMED = {"train": 61, "validation": 20, "test": 19, "method": "TimeOrdered", "seed": 0}
CASES.update(
    {
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
        "regression-some-cells-diverge": (
            lambda: bundled("diabetes"),
            regression("linear_model.SGDRegressor", {"eta0": [0.01, 1e9], "max_iter": [3]}, preprocessing=NO_NUMERIC),
        ),
        "every-metric-by-decision-function": (
            lambda: bundled("breast_cancer"),
            case("linear_model.LogisticRegression", {"C": [0.01, 1]}, metrics=EVERY, objective="roc_auc"),
        ),
        "every-metric-by-probability": (
            mixed,
            case(
                "ensemble.RandomForestClassifier",
                {"n_estimators": [4, 7]},
                metrics=EVERY,
                objective="neg_log_loss",
                positive="no",
            ),
        ),
        "ranking-without-probability": (
            lambda: bundled("breast_cancer"),
            case("svm.LinearSVC", {"C": [0.01, 1]}, metrics=["roc_auc", "average_precision"], objective="roc_auc"),
        ),
        "many-classes-by-probability": (
            many_classes,
            case(
                "naive_bayes.GaussianNB",
                {"var_smoothing": [1e-9, 0.5]},
                metrics=["neg_log_loss", "average_precision", "balanced_accuracy", "matthews_corrcoef", "f1"],
                objective="matthews_corrcoef",
                average="Weighted",
                split=RANDOM_SPLIT,
                cv=k_fold(3),
            ),
        ),
        "three-classes-every-metric": (
            lambda: bundled("wine"),
            case(
                "linear_model.LogisticRegression",
                {"C": [0.001, 1]},
                metrics=OF_MORE_CLASSES,
                objective="roc_auc_ovr",
                average="Macro",
            ),
        ),
        "digits-several-guesses": (
            lambda: bundled("digits", 400),
            case(
                "svm.SVC",
                {"C": [0.001, 1]},
                metrics=["top_3_accuracy", "top_5_accuracy", "jaccard"],
                objective="top_3_accuracy",
                average="Weighted",
                cv=k_fold(3),
            ),
        ),
        "metrics-in-an-order-that-matters": (
            lambda: one_class_folds(mixed()),
            case(
                "ensemble.HistGradientBoostingClassifier",
                {"max_iter": [2, 4]},
                metrics=["f1", "accuracy", "roc_auc", "average_precision", "recall"],
                objective="accuracy",
                group="household",
                split=RANDOM_SPLIT,
                cv=folds("Grouped", 2),
                parameters=SEED,
            ),
        ),
        "cells-that-cannot-be-measured": (
            lambda: bundled("breast_cancer"),
            case(
                "linear_model.SGDClassifier",
                {"alpha": [0.01, -1], "loss": ["hinge", "log_loss"], "penalty": ["l2", "l1"]},
                metrics=["accuracy", "neg_log_loss"],
                objective="neg_log_loss",
                left_out=[0, 1, 4, 5, 6, 7],
            ),
        ),
        "cells-drawn-that-cannot-be-measured": (
            mixed,
            case(
                "linear_model.SGDClassifier",
                [
                    {"loss": ["hinge", "log_loss", "modified_huber"], "alpha": [0.001, 0.1]},
                    {"loss": ["perceptron"], "preprocessing.numeric.scale": ["MinMax", "None"]},
                ],
                draw={"cells": 6, "seed": 3},
                metrics=["accuracy", "neg_log_loss"],
                objective="accuracy",
                left_out=[1, 3, 4],
            ),
        ),
        "folds-without-a-class": (
            rare,
            case(
                "linear_model.LogisticRegression",
                {"C": [0.1, 10]},
                metrics=["roc_auc", "neg_log_loss", "f1", "balanced_accuracy"],
                objective="f1",
                cv=k_fold(6),
            ),
        ),
        "objective-without-a-value": (
            rare,
            case(
                "linear_model.LogisticRegression",
                {"C": [0.1, 10]},
                metrics=["roc_auc", "accuracy"],
                objective="roc_auc",
                cv=k_fold(6),
            ),
        ),
        "groups-by-number": (
            lambda: grouped(mixed(), words=False),
            case(
                "linear_model.LogisticRegression",
                {"C": [0.1, 1]},
                group="household",
                split=GROUPED,
                cv=folds("Grouped"),
            ),
        ),
        "groups-by-word-stratified": (
            lambda: grouped(bundled("wine"), words=True),
            case(
                "tree.DecisionTreeClassifier",
                {"max_depth": [1, 3]},
                group="household",
                split=GROUPED,
                cv=folds("StratifiedGrouped", 3),
                average="Macro",
            ),
        ),
        "groups-in-folds-only": (
            lambda: grouped(mixed(), words=True),
            case("naive_bayes.BernoulliNB", {"alpha": [0.1, 2]}, group="household", cv=folds("Grouped", 5)),
        ),
        "groups-regression": (
            lambda: grouped(numbers(), words=True),
            regression(
                "tree.DecisionTreeRegressor",
                {"max_depth": [1, 3]},
                group="household",
                split=GROUPED,
                cv=folds("Grouped"),
            ),
        ),
        "time-by-date": (
            lambda: timed(mixed(), dates=True),
            case(
                "ensemble.ExtraTreesClassifier",
                {"n_estimators": [3, 5]},
                time="recorded_at",
                split=TIMED,
                cv=folds("TimeSeries"),
            ),
        ),
        "time-by-number-regression": (
            lambda: timed(bundled("diabetes"), dates=False),
            regression(
                "linear_model.Lasso", {"alpha": [0.1, 1]}, time="recorded_at", split=TIMED, cv=folds("TimeSeries", 6)
            ),
        ),
        "folds-by-number": (
            lambda: in_folds(mixed(), ["10", "9", "-1", "2.5"]),
            case(
                "linear_model.LogisticRegression",
                {"C": [0.1, 1]},
                fold="part",
                cv={"folds": 3, "method": "Predefined"},
            ),
        ),
        "folds-by-word-regression": (
            lambda: in_folds(bundled("diabetes"), ["south", "North", "east", "-1"]),
            regression("linear_model.Ridge", {"alpha": [0.1, 1]}, fold="part", cv={"folds": 3, "method": "Predefined"}),
        ),
        "one-fold": (
            lambda: in_folds(bundled("iris"), ["-1", "held out", "-1"]),
            case(
                "tree.DecisionTreeClassifier",
                {"max_depth": [1, 3]},
                fold="part",
                cv={"folds": 1, "method": "Predefined"},
                average="Macro",
            ),
        ),
        "time-with-a-gap": (
            lambda: timed(mixed(), dates=True),
            case(
                "tree.DecisionTreeClassifier",
                {"max_depth": [2, 4]},
                time="recorded_at",
                split=TIMED,
                cv={"folds": 4, "method": "TimeSeries", "gap": 5, "maxTrainSize": 60},
            ),
        ),
        "random-list-of-grids": (
            mixed,
            case(
                "linear_model.LogisticRegression",
                [
                    {"C": [0.01, 0.1, 1, 10], "preprocessing.numeric.scale": ["Standard", "MinMax", "None"]},
                    {"class_weight": ["balanced", None], "tol": [0.1, 0.01]},
                ],
                draw={"cells": 6, "seed": 4},
                parameters={"max_iter": 40},
            ),
        ),
        "random-more-than-there-are": (
            lambda: bundled("iris"),
            case(
                "tree.DecisionTreeClassifier",
                {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]},
                draw={"cells": 50, "seed": 1},
                average="Macro",
            ),
        ),
    }
)
BOOSTING = {**SEED, "max_iter": 6, "min_samples_leaf": 5}
#: What an estimator is told of columns by name, and categories that it treats itself.
CASES.update(
    {
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
)
#: The numeric columns of `mixed` are size, whole, sparse, same, noise, its texts colour, rare.
CASES.update(
    {
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
)
#: Without preprocessing an estimator sees the rows as they lie in memory: here the layout would show in the last bits.
UNPREPARED = {
    "linear_model.LogisticRegression": {"C": [0.1, 1]},
    "linear_model.RidgeClassifier": {"alpha": [0.1, 1]},
    "linear_model.Perceptron": {"random_state": [0]},
    "svm.LinearSVC": {"C": [0.1], "random_state": [0]},
    "svm.SVC": {"C": [1]},
    "svm.NuSVC": {"nu": [0.3]},
    "neighbors.KNeighborsClassifier": {"n_neighbors": [3]},
    "neighbors.NearestCentroid": {"shrink_threshold": [None, 0.1]},
    "discriminant_analysis.LinearDiscriminantAnalysis": {"solver": ["svd", "lsqr"]},
    "discriminant_analysis.QuadraticDiscriminantAnalysis": {"reg_param": [0.1]},
    "ensemble.AdaBoostClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.BaggingClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.ExtraTreesClassifier": {"n_estimators": [5], "random_state": [0]},
    "ensemble.HistGradientBoostingClassifier": {"max_iter": [5], "random_state": [0]},
    "naive_bayes.BernoulliNB": {"alpha": [1]},
    "neural_network.MLPClassifier": {"hidden_layer_sizes": [[5]], "max_iter": [20], "random_state": [0]},
    "tree.ExtraTreeClassifier": {"random_state": [0]},
}
CASES.update(
    {
        f"unprepared-{name}": (
            lambda: bundled("breast_cancer"),
            case(name, grid, preprocessing=NO_NUMERIC, cv=k_fold(3)),
        )
        for name, grid in UNPREPARED.items()
    }
)
