"""The scorers: scikit-learn's own."""

from dataclasses import dataclass
from typing import Any

from gridfold.api.v1alpha1 import (
    DEFAULT_CLASSIFICATION_METRICS,
    DEFAULT_REGRESSION_METRICS,
    TOP_K,
    Average,
    Scoring,
    TrainingJobSpec,
)
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import Call, Name, assign, quoted, render

_FBETA = "fbeta_score"
_AVERAGED = {
    "precision": "precision_score",
    "recall": "recall_score",
    "f1": "f1_score",
    "f2": _FBETA,
    "f0.5": _FBETA,
    "jaccard": "jaccard_score",
}
_BETAS = {"f2": 2, "f0.5": 0.5}
_RANKING: dict[str, Any] = {"response_method": ("decision_function", "predict_proba")}
_PROBABILITY: dict[str, Any] = {"response_method": "predict_proba"}
#: Metrics whose score function is about one of two classes, so that it must be told which: function, options.
_ABOUT_ONE: dict[str, tuple[str, dict[str, Any]]] = {
    "average_precision": ("average_precision_score", _RANKING),
    "neg_brier_score": ("brier_score_loss", {"greater_is_better": False, **_PROBABILITY}),
    "d2_brier_score": ("d2_brier_score", _PROBABILITY),
}
#: Metrics that scikit-learn has no name for: function, options.
_NAMELESS: dict[str, tuple[str, dict[str, Any]]] = {
    "cohen_kappa": ("cohen_kappa_score", {}),
    **{
        metric: ("top_k_accuracy_score", {"k": guesses, **_RANKING})
        for metric, guesses in TOP_K.items()
        if metric != "top_k_accuracy"
    },
}


@dataclass(frozen=True)
class Measures:
    """What a job measures."""

    objective: str
    metrics: tuple[str, ...]

    @classmethod
    def of(cls, scoring: Scoring, *, classifier: bool) -> "Measures":
        """Return objective and metrics of a job, defaults filled in as api.md says."""
        defaults = DEFAULT_CLASSIFICATION_METRICS if classifier else DEFAULT_REGRESSION_METRICS
        usual = "f1" if classifier else "r2"
        metrics: list[str] = [*(scoring.metrics or defaults)]
        objective = scoring.objective or (usual if usual in metrics else metrics[0])
        return cls(objective, tuple(metrics if objective in metrics else [*metrics, objective]))

    @property
    def averaged(self) -> bool:
        """Tell whether any metric is made one number out of those of the classes."""
        return any(metric in _AVERAGED for metric in self.metrics)

    @property
    def about_one(self) -> bool:
        """Tell whether any metric must be told the second of two classes."""
        return any(metric in _ABOUT_ONE for metric in self.metrics)


def scorers(spec: TrainingJobSpec, measures: Measures) -> list[Fragment]:
    """Return what makes `scorers`, and where classes need a name also `make_scorers(classes)`."""
    if not needs_classes(spec, measures):
        imports = _imports(measures)
        options = "options" if measures.averaged else ""
        if options:
            average = spec.scoring.average.lower()
            code = (
                assign(options, {"average": average, "pos_label": None, "zero_division": 0})
                + "\n"
                + _table(measures, "scorers = ", "")
            )
            return [Fragment(code, imports)]
        return [Fragment(_table(measures, "scorers = ", ""), imports)]
    return [
        Fragment("\n".join(_function(spec, measures)), _imports(measures)),
        Fragment("scorers = make_scorers(range(len(classes)))"),
    ]


def is_score(scoring: Scoring) -> str:
    """Return what tells of the name of a column of cv_results_ that it has scores."""
    return '"_test_" in name' + (' or "_train_" in name' if scoring.train_scores else "")


def needs_classes(spec: TrainingJobSpec, measures: Measures) -> bool:
    """Tell whether a scorer must be told a class by its code."""
    about_one = measures.averaged and spec.scoring.average in (Average.AUTO, Average.BINARY)
    return about_one or measures.about_one


def needs_positive(spec: TrainingJobSpec, measures: Measures) -> bool:
    """Tell whether the class that the spec calls positive is named by a scorer."""
    return measures.averaged and needs_classes(spec, measures) and spec.dataset.positive_class is not None


def positive(spec: TrainingJobSpec) -> Fragment:
    """Return the code of the positive class."""
    label = spec.dataset.positive_class or ""
    return Fragment(f"positive = code_of({quoted(label.strip() if spec.cleaning.trim_text else label)})")


def _function(spec: TrainingJobSpec, measures: Measures) -> list[str]:
    lines = [
        "def make_scorers(classes):",
        '    """Return the scorers of a target with these classes."""',
    ]
    if measures.averaged:
        place = "positive" if spec.dataset.positive_class is not None else "-1"
        lines += load(_options_fragment(spec), positive=place, average=spec.scoring.average.lower()).code.splitlines()
    if measures.about_one:
        lines.append('    second = {"pos_label": classes[1]} if len(classes) == 2 else {}')
    return [*lines, _table(measures, "return ", "    ")]


def _options_fragment(spec: TrainingJobSpec) -> str:
    if spec.scoring.average is Average.BINARY or spec.dataset.positive_class is not None:
        return "options_binary" if spec.scoring.average in (Average.AUTO, Average.BINARY) else "options_average"
    return "options_auto" if spec.scoring.average is Average.AUTO else "options_average"


def _table(measures: Measures, start: str, indent: str) -> str:
    """Return the scorers by name."""
    return render({metric: _scorer(metric) for metric in measures.metrics}, start, indent=indent)


def _scorer(metric: str) -> Call:
    if metric in _AVERAGED:
        beta = {"beta": _BETAS[metric]} if metric in _BETAS else {}
        return Call("make_scorer", (Name(_AVERAGED[metric]), Name("**options")), beta)
    if metric in _ABOUT_ONE:
        function, options = _ABOUT_ONE[metric]
        return Call("make_scorer", (Name(function), Name("**second")), options)
    if metric in _NAMELESS:
        function, options = _NAMELESS[metric]
        return Call("make_scorer", (Name(function),), options)
    return Call("get_scorer", (metric,))


def _imports(measures: Measures) -> tuple[str, ...]:
    functions = {**_AVERAGED, **{metric: function for metric, (function, _) in (_ABOUT_ONE | _NAMELESS).items()}}
    names = [functions[metric] for metric in measures.metrics if metric in functions]
    names += ["make_scorer"] if names else []
    names += ["get_scorer"] if any(metric not in functions for metric in measures.metrics) else []
    return tuple(f"from sklearn.metrics import {name}" for name in dict.fromkeys(names))
