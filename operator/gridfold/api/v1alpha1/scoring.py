"""spec.scoring: what is measured."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Decimal
from gridfold.api.v1alpha1.metric_ranges import cel_rule, target_problems
from gridfold.api.v1alpha1.metric_words import metric_problem
from gridfold.api.v1alpha1.metrics import METRICS, Metric
from gridfold.api.v1alpha1.select import Select, SimplestParameter


class Average(StrEnum):
    """How precision, recall, F and Jaccard scores of the classes become one number."""

    AUTO = "Auto"
    BINARY = "Binary"
    MACRO = "Macro"
    WEIGHTED = "Weighted"
    MICRO = "Micro"


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
        "classification; r2, neg_mean_absolute_error and neg_root_mean_squared_error for regression; and the "
        "objective. Names are scikit-learn's scorers; beside them f2 and f0.5 (F-beta), cohen_kappa and "
        "top_3_accuracy, top_5_accuracy, top_10_accuracy (top_k_accuracy is of 2, as scikit-learn's). Another list "
        "later fits every cell again: predictions are not kept.",
    )
    average: Average = Field(
        Average.AUTO,
        description="How precision, recall, f1, f2, f0.5 and jaccard of the classes become one number. Auto: Binary "
        "for two classes, Macro for more. scikit-learn's f1_macro is metric f1 with average Macro.",
    )
    train_scores: bool = Field(
        False,
        description="Whether each fold's fit is also scored on the rows that it was fitted on, as scikit-learn's "
        "return_train_score: results.csv has split0_train_…, mean_train_… and std_train_… of every metric. A training "
        "mean far above the fold mean: the cell learns its rows by heart. They choose nothing. To predict those rows "
        "takes time, too, with nearest neighbors and kernels more than the fit. Another value later fits every cell "
        "again.",
    )
    targets: Annotated[dict[str, Decimal], Field(max_length=20)] = Field(
        default_factory=dict,
        description='Least validation scores that are wanted, by metric, as decimal strings: accuracy: "0.85". The '
        "condition TargetsMet tells whether they are reached.",
    )
    select: Select = Field(
        Select.BEST,
        description="Which cell wins. Best: the one with the highest mean of the objective. OneStandardError: the "
        "simplest one whose mean is at most one standard deviation of the best cell's fold scores below the best mean "
        "(the refit function of scikit-learn's example on model complexity; of equally simple ones the best). No cell "
        "is fitted again when it changes.",
    )
    simplest: Annotated[list[SimplestParameter], Field(max_length=5)] = Field(
        default_factory=list,
        description="OneStandardError only: what makes a cell simpler. The first parameter decides, among equals the "
        "next.",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "simplest",
            "self.select != 'OneStandardError' || (has(self.simplest) && size(self.simplest) > 0)",
            "is required where select is OneStandardError: name a parameter, and which of its values is simpler, such "
            "as {parameter: max_depth, prefer: Lowest}",
            lambda s: s.select is not Select.ONE_STANDARD_ERROR or bool(s.simplest),
            lambda s: s.document()["simplest"],
        ),
        Rule(
            "simplest",
            "self.select == 'OneStandardError' || !has(self.simplest) || size(self.simplest) == 0",
            "must be left out where select is Best: the highest mean wins; or write select: OneStandardError",
            lambda s: s.select is Select.ONE_STANDARD_ERROR or not s.simplest,
            lambda s: s.document()["simplest"],
        ),
        Rule(
            "simplest",
            "!has(self.simplest) || self.simplest.all(s, self.simplest.exists_one(o, o.parameter == s.parameter))",
            "must not name a parameter twice",
            lambda s: len({item.parameter for item in s.simplest}) == len(s.simplest),
            lambda s: [item.parameter for item in s.simplest],
        ),
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
            f"!has(self.targets) || self.targets.all(m, m in {list(METRICS)})",
            f"must name metrics, which are {', '.join(METRICS)}",
            lambda s: set(s.targets) <= set(METRICS),
            lambda s: sorted(set(s.targets) - set(METRICS)),
            explain=lambda s: (
                "must name metrics: "
                + "; ".join(f"{name} {metric_problem(name)}" for name in sorted(set(s.targets) - set(METRICS)))
            ),
        ),
        Rule(
            "targets",
            cel_rule(METRICS),
            "must be within what the metric can be, and more than every model has: shares such as accuracy lie between "
            "0 and 1 (write 0.85 for 85 %), losses, neg_…, are negative (write -0.5 for an error of at most 0.5)",
            lambda s: not target_problems(s.targets, METRICS),
            lambda s: {metric: s.targets[metric] for metric in target_problems(s.targets, METRICS)},
            explain=lambda s: "; ".join(target_problems(s.targets, METRICS).values()),
        ),
    )
