"""What people call a metric, and the exact words to write instead."""

import difflib
import re

from gridfold.api.v1alpha1.metrics import AVERAGED, METRICS, TOP_K

_LABELS = "labels of clusters, not predictions of classes"
#: What others call a metric: what to write.
_OTHER_NAMES = {
    "acc": "accuracy",
    "error": "accuracy",
    "bacc": "balanced_accuracy",
    "bal_accuracy": "balanced_accuracy",
    "balanced": "balanced_accuracy",
    "ppv": "precision",
    "sensitivity": "recall",
    "tpr": "recall",
    "f": "f1",
    "fscore": "f1",
    "fmeasure": "f1",
    "fbeta": "f2",
    "f05": "f0.5",
    "f_0_5": "f0.5",
    "iou": "jaccard",
    "jaccard_index": "jaccard",
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "rocauc": "roc_auc",
    "auc_roc": "roc_auc",
    "auc_ovr": "roc_auc_ovr",
    "auc_ovo": "roc_auc_ovo",
    "ap": "average_precision",
    "map": "average_precision",
    "aucpr": "average_precision",
    "pr_auc": "average_precision",
    "auprc": "average_precision",
    "log_loss": "neg_log_loss",
    "logloss": "neg_log_loss",
    "cross_entropy": "neg_log_loss",
    "mlogloss": "neg_log_loss",
    "brier": "neg_brier_score",
    "brier_score_loss": "neg_brier_score",
    "d2_log_loss": "d2_log_loss_score",
    "mcc": "matthews_corrcoef",
    "matthews": "matthews_corrcoef",
    "phi": "matthews_corrcoef",
    "kappa": "cohen_kappa",
    "cohens_kappa": "cohen_kappa",
    "lr_plus": "positive_likelihood_ratio",
    "negative_likelihood_ratio": "neg_negative_likelihood_ratio",
    "topk": "top_k_accuracy",
    "top_k": "top_k_accuracy",
    "topk_accuracy": "top_k_accuracy",
    "r_squared": "r2",
    "rsquared": "r2",
    "explained_variance_ratio": "explained_variance",
    "d2": "d2_absolute_error_score",
    "d2_absolute_error": "d2_absolute_error_score",
    "mae": "neg_mean_absolute_error",
    "l1": "neg_mean_absolute_error",
    "medae": "neg_median_absolute_error",
    "mse": "neg_mean_squared_error",
    "l2": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
    "mape": "neg_mean_absolute_percentage_error",
    "msle": "neg_mean_squared_log_error",
    "rmsle": "neg_root_mean_squared_log_error",
    "poisson": "neg_mean_poisson_deviance",
    "gamma": "neg_mean_gamma_deviance",
}
#: What is asked for and not measured: why, and what to write instead.
_REFUSED = {
    "specificity": "is the recall of the other class: write recall, and that class as dataset.positiveClass",
    "tnr": "is the recall of the other class: write recall, and that class as dataset.positiveClass",
    "npv": "is the precision of the other class: write precision, and that class as dataset.positiveClass",
    "hamming_loss": "is 1 - accuracy here; write accuracy",
    "zero_one_loss": "is 1 - accuracy; write accuracy",
    "hinge_loss": "is no scorer of scikit-learn; write neg_log_loss or roc_auc",
    "top_1_accuracy": "is accuracy; write accuracy",
    **dict.fromkeys(
        (
            "adjusted_mutual_info_score",
            "adjusted_rand_score",
            "completeness_score",
            "fowlkes_mallows_score",
            "homogeneity_score",
            "mutual_info_score",
            "normalized_mutual_info_score",
            "rand_score",
            "v_measure_score",
        ),
        f"compares {_LABELS}; write balanced_accuracy, cohen_kappa or matthews_corrcoef",
    ),
}
_SUFFIXES = {"binary": "Binary", "macro": "Macro", "weighted": "Weighted", "micro": "Micro"}
_ALTERNATIVES = 3


def metric_problem(name: str) -> str:
    """Return why a text is no metric, and the exact words to write instead."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("sklearn.metrics.")
    averaged = _averaged(plain)
    if averaged:
        return averaged
    if plain in _REFUSED:
        return f"is not measured: it {_REFUSED[plain]}"
    guesses = re.fullmatch(r"top_?([0-9]+)(_?acc(uracy)?)?", plain)
    if guesses:
        return _of_guesses(int(guesses[1]))
    meant = _meant(plain)
    if meant:
        return f"is not a metric's name; write {' or '.join(meant)}"
    return f"is not a metric; expected one of {', '.join(METRICS)}"


def _averaged(plain: str) -> str | None:
    """Return what to write for scikit-learn's f1_macro and its like: the average has a field of its own."""
    stem, _, suffix = plain.rpartition("_")
    if suffix in _SUFFIXES and stem in AVERAGED:
        return f"is not a metric's name; write {stem}, with scoring.average: {_SUFFIXES[suffix]}"
    if suffix == "samples" and stem in AVERAGED:
        return f"is about rows of several labels each, which no target here has; write {stem}"
    return None


def _of_guesses(count: int) -> str:
    """Return what to write for the accuracy of that many guesses."""
    for metric, known in TOP_K.items():
        if count == known:
            return f"is not a metric's name; write {metric}"
    measured = ", ".join(f"{metric} (of {known})" for metric, known in TOP_K.items())
    return f"is not a metric; accuracies of several guesses are {measured}"


def _meant(plain: str) -> list[str]:
    """Return the metrics that may be meant, the likeliest first."""
    for text in (plain, plain.removeprefix("neg_"), plain.removesuffix("_score"), plain.removesuffix("_loss")):
        for candidate in (text, f"neg_{text}"):
            found = candidate if candidate in METRICS else _OTHER_NAMES.get(candidate)
            if found is not None:
                return [found]
    return difflib.get_close_matches(plain, METRICS, n=_ALTERNATIVES, cutoff=0.7)
