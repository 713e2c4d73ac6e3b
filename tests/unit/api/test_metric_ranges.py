"""A target that no model can reach, or that every model meets, is refused with what to write."""

import re
from typing import get_args

import pytest

from gridfold.api.v1alpha1 import ClassificationMetric, Metric, Scoring
from gridfold.api.v1alpha1.metric_ranges import cel_rule, metric_range, target_problem
from gridfold.api.validation import InvalidTrainingJobError, parse_training_job
from tests.unit.domain.world import document

REFUSED = [
    ("accuracy", "85", "no model reaches 85", "0.85"),
    ("f1", "87.5", "no model reaches 87.5", "0.875"),
    ("roc_auc", "100", "no model reaches 100", "1"),
    ("accuracy", "1.5", "no model reaches 1.5", "0.85"),
    ("recall", "1.0001", "no model reaches 1.0001", "0.85"),
    ("precision", "850", "no model reaches 850", "0.85"),
    ("accuracy", "0", "every model meets 0", None),
    ("average_precision", "0.00", "every model meets 0.00", None),
    ("balanced_accuracy", "-0.85", "every model meets -0.85", "0.85"),
    ("matthews_corrcoef", "1.1", "no model reaches 1.1", "0.85"),
    ("matthews_corrcoef", "-1", "every model meets -1", None),
    ("r2", "1.2", "no model reaches 1.2", "0.85"),
    ("r2", "90", "no model reaches 90", "0.9"),
    ("neg_log_loss", "0.3", "losses are negative", "-0.3"),
    ("neg_mean_absolute_error", "0.5", "losses are negative", "-0.5"),
    ("neg_root_mean_squared_error", "12000", "losses are negative", "-12000"),
    ("neg_mean_absolute_percentage_error", "15", "no model reaches 15", "-0.15"),
    ("neg_mean_absolute_percentage_error", "0.15", "no model reaches 0.15", "-0.15"),
    ("neg_mean_absolute_percentage_error", "-15", "meets -15", "-0.15"),
]


@pytest.mark.parametrize(("metric", "target", "words", "advice"), REFUSED)
def test_a_target_that_says_nothing_is_refused_and_what_is_to_be_written_is_accepted(
    metric: str, target: str, words: str, advice: str | None
) -> None:
    raw = document()
    raw["spec"]["scoring"] = {"targets": {metric: target}}
    with pytest.raises(InvalidTrainingJobError, match=re.escape(words)) as caught:
        parse_training_job(raw)
    assert f'spec.scoring.targets is {{"{metric}": "{target}"}}: {metric} is' in str(caught.value)
    if advice is not None:
        assert f'"{advice}"' in str(caught.value)
        raw["spec"]["scoring"]["targets"] = {metric: advice}
        parse_training_job(raw)


def test_every_target_that_says_nothing_is_told() -> None:
    raw = document()
    raw["spec"]["scoring"] = {"targets": {"accuracy": "85", "f1": "0.8", "recall": "90"}}
    with pytest.raises(InvalidTrainingJobError, match=r'\{"accuracy": "85", "recall": "90"\}: accuracy.*; recall'):
        parse_training_job(raw)


@pytest.mark.parametrize("metric", get_args(Metric))
def test_every_metric_has_a_range_in_which_targets_are_accepted_and_above_which_none_is(metric: str) -> None:
    found = metric_range(metric)
    assert found.high == (None if metric == "positive_likelihood_ratio" else 0 if metric.startswith("neg_") else 1)
    assert target_problem(metric, str(100 if found.high is None else found.high)) is None
    assert found.high is None or target_problem(metric, f"{found.high}.01")
    if metric in get_args(ClassificationMetric) and not metric.startswith(("neg_", "d2_")):
        assert found.low in (0, -1)
    if found.low is not None:
        assert target_problem(metric, str(found.low))
    assert f"'{metric}'" in cel_rule(get_args(Metric))


def test_the_api_server_is_told_of_every_metric() -> None:
    (rule,) = (rule for rule in Scoring.rules if "double(" in rule.cel)
    assert rule.cel == cel_rule(get_args(Metric))
