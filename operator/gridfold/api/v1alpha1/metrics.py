"""The metrics that a job may name: scikit-learn's scorer names where it has one, greater is always better."""

from typing import Literal, get_args

#: About classes.
ClassificationMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "f2",
    "f0.5",
    "jaccard",
    "roc_auc",
    "roc_auc_ovr",
    "roc_auc_ovo",
    "roc_auc_ovr_weighted",
    "roc_auc_ovo_weighted",
    "average_precision",
    "top_k_accuracy",
    "top_3_accuracy",
    "top_5_accuracy",
    "top_10_accuracy",
    "neg_log_loss",
    "neg_brier_score",
    "d2_log_loss_score",
    "d2_brier_score",
    "matthews_corrcoef",
    "cohen_kappa",
    "positive_likelihood_ratio",
    "neg_negative_likelihood_ratio",
]
#: About numbers.
RegressionMetric = Literal[
    "r2",
    "explained_variance",
    "d2_absolute_error_score",
    "neg_mean_absolute_error",
    "neg_median_absolute_error",
    "neg_max_error",
    "neg_mean_squared_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_squared_log_error",
    "neg_root_mean_squared_log_error",
    "neg_mean_poisson_deviance",
    "neg_mean_gamma_deviance",
]
Metric = Literal[ClassificationMetric, RegressionMetric]
METRICS: tuple[str, ...] = get_args(Metric)
DEFAULT_CLASSIFICATION_METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")
DEFAULT_REGRESSION_METRICS: tuple[Metric, ...] = ("r2", "neg_mean_absolute_error", "neg_root_mean_squared_error")
#: Those that scoring.average makes one number of: Binary is about dataset.positiveClass.
AVERAGED = ("precision", "recall", "f1", "f2", "f0.5", "jaccard")
#: Those that take the decision function, or the probabilities of an estimator that has none.
RANKING = ("roc_auc", "average_precision", "top_k_accuracy", "top_3_accuracy", "top_5_accuracy", "top_10_accuracy")
PROBABILITY = (
    "roc_auc_ovr",
    "roc_auc_ovo",
    "roc_auc_ovr_weighted",
    "roc_auc_ovo_weighted",
    "neg_log_loss",
    "neg_brier_score",
    "d2_log_loss_score",
    "d2_brier_score",
)
#: How many guesses of a model count. 2 is what scikit-learn's scorer of that name takes.
TOP_K = {"top_k_accuracy": 2, "top_3_accuracy": 3, "top_5_accuracy": 5, "top_10_accuracy": 10}
#: Of two classes only.
TWO_CLASSES = ("roc_auc", "positive_likelihood_ratio", "neg_negative_likelihood_ratio")
