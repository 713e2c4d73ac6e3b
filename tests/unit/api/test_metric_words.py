"""Whatever people call a metric, they are told the exact words; every scorer of scikit-learn works or says why not."""

import pytest
from sklearn.metrics import get_scorer_names

from gridfold.api.v1alpha1.metric_words import metric_problem
from gridfold.api.v1alpha1.metrics import METRICS
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from tests.unit.domain.world import document

WORDS = [
    ("rmse", "write neg_root_mean_squared_error"),
    ("mse", "write neg_mean_squared_error"),
    ("mae", "write neg_mean_absolute_error"),
    ("MAPE", "write neg_mean_absolute_percentage_error"),
    ("rmsle", "write neg_root_mean_squared_log_error"),
    ("max_error", "write neg_max_error"),
    ("mean_squared_error", "write neg_mean_squared_error"),
    ("neg_mse", "write neg_mean_squared_error"),
    ("r2_score", "write r2"),
    ("R2", "write r2"),
    ("auc", "write roc_auc"),
    ("ROC AUC", "write roc_auc"),
    ("roc_auc_score", "write roc_auc"),
    ("pr-auc", "write average_precision"),
    ("f1_macro", "write f1, with scoring.average: Macro"),
    ("f1_weighted", "write f1, with scoring.average: Weighted"),
    ("precision_micro", "write precision, with scoring.average: Micro"),
    ("jaccard_macro", "write jaccard, with scoring.average: Macro"),
    ("f1_samples", "rows of several labels each.*write f1"),
    ("f1-score", "write f1"),
    ("F1", "write f1"),
    ("logloss", "write neg_log_loss"),
    ("log_loss", "write neg_log_loss"),
    ("brier_score_loss", "write neg_brier_score"),
    ("kappa", "write cohen_kappa"),
    ("cohen_kappa_score", "write cohen_kappa"),
    ("mcc", "write matthews_corrcoef"),
    ("sensitivity", "write recall"),
    ("specificity", "recall of the other class: write recall, and that class as dataset.positiveClass"),
    ("top_1_accuracy", "write accuracy"),
    ("top_2_accuracy", "write top_k_accuracy"),
    ("top5", "write top_5_accuracy"),
    ("top_7_accuracy", r"top_k_accuracy \(of 2\), top_3_accuracy \(of 3\)"),
    ("acuracy", "write accuracy"),
    ("balanced_acuracy", "write balanced_accuracy"),
    ("rand_score", "labels of clusters"),
    ("xyz", "expected one of accuracy, balanced_accuracy"),
]


@pytest.mark.parametrize(("name", "words"), WORDS)
@pytest.mark.parametrize("field", ["metrics", "objective", "targets"])
def test_a_metric_by_another_name_is_refused_with_the_words_to_write(name: str, words: str, field: str) -> None:
    raw = document()
    raw["spec"]["scoring"] = {field: {"metrics": [name], "objective": name, "targets": {name: "0.5"}}[field]}
    with pytest.raises(InvalidTrainingJobError, match=words):
        parse_training_job(raw)


def test_every_name_that_is_advised_is_a_metric() -> None:
    for name, _ in WORDS:
        _, _, advice = metric_problem(name).partition("write ")
        first = advice.split(",")[0].split()[:1]
        assert not first or first[0] in METRICS


def test_every_scorer_of_scikit_learn_is_a_metric_or_says_what_to_write() -> None:
    others = sorted(set(get_scorer_names()) - set(METRICS))
    assert len(others) == 25
    assert [name for name in others if "write " not in metric_problem(name)] == []
