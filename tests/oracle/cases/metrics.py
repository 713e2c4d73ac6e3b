"""Every metric, and cells that cannot be measured."""

from tests.oracle.cases.case import METRICS, RANDOM_SPLIT, Cases, case, k_fold
from tests.oracle.tables import bundled, many_classes, mixed, rare

EVERY = [*METRICS, "balanced_accuracy", "roc_auc", "average_precision", "neg_log_loss", "matthews_corrcoef"]
EVERY += ["f2", "f0.5", "jaccard", "cohen_kappa", "neg_brier_score", "roc_auc_ovr", "d2_log_loss_score"]
EVERY += ["positive_likelihood_ratio", "neg_negative_likelihood_ratio", "d2_brier_score", "roc_auc_ovo_weighted"]
OF_MORE_CLASSES = ["f1", "f2", "f0.5", "jaccard", "cohen_kappa", "matthews_corrcoef", "top_k_accuracy"]
OF_MORE_CLASSES += ["roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "neg_brier_score"]
OF_MORE_CLASSES += ["d2_brier_score", "d2_log_loss_score", "average_precision", "neg_log_loss"]

MEASURED: Cases = {
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
}
