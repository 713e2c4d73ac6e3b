"""The scorers: scikit-learn's own."""

from dataclasses import dataclass

from gridfold.api.v1alpha1 import (
    DEFAULT_CLASSIFICATION_METRICS,
    DEFAULT_REGRESSION_METRICS,
    Average,
    Scoring,
    TrainingJobSpec,
)
from gridfold_cli.export.fragments import Fragment, load
from gridfold_cli.export.literals import Call, Name, assign, quoted, render

_AVERAGED = {"precision": "precision_score", "recall": "recall_score", "f1": "f1_score"}
#: Metrics whose score function is about one class, so that it must be told which.
_ABOUT_ONE = "average_precision"


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


def needs_classes(spec: TrainingJobSpec, measures: Measures) -> bool:
    """Tell whether a scorer must be told a class: codes during the search, labels for the last model."""
    about_one = measures.averaged and spec.scoring.average in (Average.AUTO, Average.BINARY)
    return about_one or _ABOUT_ONE in measures.metrics


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
        '    """Return the scorers of a target with these classes: codes or labels."""',
    ]
    if measures.averaged:
        place = "positive" if spec.dataset.positive_class is not None else "-1"
        lines += load(_options_fragment(spec), positive=place, average=spec.scoring.average.lower()).code.splitlines()
    if _ABOUT_ONE in measures.metrics:
        lines.append('    second = {"pos_label": classes[1]} if len(classes) == 2 else {}')
    return [*lines, _table(measures, "return ", "    ")]


def _options_fragment(spec: TrainingJobSpec) -> str:
    if spec.scoring.average is Average.BINARY or spec.dataset.positive_class is not None:
        return "options_binary" if spec.scoring.average in (Average.AUTO, Average.BINARY) else "options_average"
    return "options_auto" if spec.scoring.average is Average.AUTO else "options_average"


def _table(measures: Measures, start: str, indent: str) -> str:
    """Return the scorers by name."""
    table: dict[str, Call] = {}
    for metric in measures.metrics:
        if metric in _AVERAGED:
            table[metric] = Call("make_scorer", (Name(_AVERAGED[metric]), Name("**options")))
        elif metric == _ABOUT_ONE:
            methods = {"response_method": ("decision_function", "predict_proba")}
            arguments = (Name("average_precision_score"), Name("**second"))
            table[metric] = Call("make_scorer", arguments, methods)
        else:
            table[metric] = Call("get_scorer", (metric,))
    return render(table, start, indent=indent)


def _imports(measures: Measures) -> tuple[str, ...]:
    names = [_AVERAGED[metric] for metric in measures.metrics if metric in _AVERAGED]
    names += ["average_precision_score"] if _ABOUT_ONE in measures.metrics else []
    names += ["make_scorer"] if names else []
    names += ["get_scorer"] if any(m not in _AVERAGED and m != _ABOUT_ONE for m in measures.metrics) else []
    return tuple(f"from sklearn.metrics import {name}" for name in names)
