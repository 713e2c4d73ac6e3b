"""Rows in groups, in time or in folds of their own, and cells that are drawn."""

from tests.oracle.cases.case import RANDOM_SPLIT, SEED, STRATIFIED, Cases, case, folds, regression
from tests.oracle.tables import bundled, grouped, in_folds, mixed, numbers, one_class_folds, timed

GROUPED = {**STRATIFIED, "method": "Grouped"}
TIMED = {"train": 61, "validation": 20, "test": 19, "method": "TimeOrdered", "seed": 0}

ORDERS: Cases = {
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
    "groups-by-number": (
        lambda: grouped(mixed(), words=False),
        case(
            "linear_model.LogisticRegression",
            {"C": [0.1, 1]},
            group="household",
            split=GROUPED,
            cv=folds("Grouped"),
            curve=[20, 50, 100],
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
            curve=[5, 35, 100],
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
            curve=[1, 25, 50, 100],
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
            curve=[30, 60, 100],
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
