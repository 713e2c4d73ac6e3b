"""spec.scoring: what is measured."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Decimal
from gridfold.api.v1alpha1.metric_ranges import cel_rule, target_problems


class Average(StrEnum):
    """How precision, recall and F1 of the classes become one number."""

    AUTO = "Auto"
    BINARY = "Binary"
    MACRO = "Macro"
    WEIGHTED = "Weighted"
    MICRO = "Micro"


#: Metrics that are about classes, and those that are about numbers, by scikit-learn's names (greater is better).
ClassificationMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "average_precision",
    "neg_log_loss",
    "matthews_corrcoef",
]
RegressionMetric = Literal[
    "r2",
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "neg_mean_absolute_percentage_error",
]
Metric = Literal[ClassificationMetric, RegressionMetric]
DEFAULT_CLASSIFICATION_METRICS: tuple[Metric, ...] = ("accuracy", "precision", "recall", "f1")
DEFAULT_REGRESSION_METRICS: tuple[Metric, ...] = ("r2", "neg_mean_absolute_error", "neg_root_mean_squared_error")
_METRICS: tuple[str, ...] = get_args(Metric)


class Scoring(ApiModel):
    """What is measured."""

    objective: Metric | None = Field(
        None,
        description="The metric that decides: the highest mean over the folds wins. Default: f1 for classification, r2 "
        "for regression. Losses have scikit-learn's neg_… names, so greater is always better.",
    )
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="The metrics to measure in every fold. Default: accuracy, precision, recall and f1 for "
        "classification; r2, neg_mean_absolute_error and neg_root_mean_squared_error for regression; "
        "and the objective.",
    )
    average: Average = Field(
        Average.AUTO,
        description="How precision, recall and F1 of the classes become one number. Auto: Binary for two classes, "
        "Macro for more.",
    )
    targets: Annotated[dict[str, Decimal], Field(max_length=20)] = Field(
        default_factory=dict,
        description='Least validation scores that are wanted, by metric, as decimal strings: accuracy: "0.85". The '
        "condition TargetsMet tells whether they are reached.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "objective",
            "!has(self.objective) || !has(self.metrics) || self.objective in self.metrics",
            "must be one of metrics",
            lambda s: s.objective is None or s.metrics is None or s.objective in s.metrics,
            lambda s: s.objective,
            "'objective is ' + self.objective + ': must be one of metrics'",
        ),
        Rule(
            "metrics",
            "!has(self.metrics) || self.metrics.all(m, self.metrics.exists_one(other, other == m))",
            "must not name a metric twice",
            lambda s: s.metrics is None or len(set(s.metrics)) == len(s.metrics),
            lambda s: s.metrics,
        ),
        Rule(
            "targets",
            "!has(self.targets) || !has(self.metrics) || self.targets.all(metric, metric in self.metrics)",
            "must name only metrics that are measured",
            lambda s: s.metrics is None or set(s.targets) <= set(s.metrics),
            lambda s: sorted(s.targets),
        ),
        Rule(
            "targets",
            f"!has(self.targets) || self.targets.all(m, m in {list(_METRICS)})",
            f"must name metrics, which are {', '.join(_METRICS)}",
            lambda s: set(s.targets) <= set(_METRICS),
            lambda s: sorted(set(s.targets) - set(_METRICS)),
        ),
        Rule(
            "targets",
            cel_rule(_METRICS),
            "must be within what the metric can be, and more than every model has: shares such as accuracy lie between "
            "0 and 1 (write 0.85 for 85 %), losses, neg_…, are negative (write -0.5 for an error of at most 0.5)",
            lambda s: not target_problems(s.targets, _METRICS),
            lambda s: {metric: s.targets[metric] for metric in target_problems(s.targets, _METRICS)},
            explain=lambda s: "; ".join(target_problems(s.targets, _METRICS).values()),
        ),
    )
