"""The script of a job, put together."""

from collections.abc import Iterator
from itertools import pairwise

from gridfold.api.inspection import EstimatorReport
from gridfold.api.v1alpha1 import SearchAlgorithm, TrainingJobSpec
from gridfold_export import choosing, curve, data, left_out, model, named_columns, numbers, scoring
from gridfold_export.fragments import Fragment, load, merge_imports
from gridfold_export.label_values import names_labels, weighs_labels
from gridfold_export.methods import Methods
from gridfold_export.scoring import Measures
from gridfold_export.sources import is_file, packages, reading

_DEFINITIONS = ("def ", "class ")


def export_script(name: str, spec: TrainingJobSpec, estimator: EstimatorReport) -> str:
    """Return the script that defines the numbers of a job of that name.

    Raises:
        NoScriptError: no script could read its sources.
    """
    fragments = list(_fragments(spec, estimator))
    blocks = [_header(name, spec), merge_imports(fragments), *(fragment.code for fragment in fragments)]
    text = blocks[0]
    for before, block in pairwise(blocks):
        apart = _starts_with_function(block) or _ends_with_function(before)
        text += ("\n\n\n" if apart else "\n\n") + block
    return text + "\n"


def _starts_with_function(block: str) -> bool:
    code = (line for line in block.splitlines() if not line.startswith("#"))
    return next(code, "").startswith(_DEFINITIONS)


def _ends_with_function(block: str) -> bool:
    outermost = [line for line in block.splitlines() if line and not line[0].isspace()]
    return bool(outermost) and outermost[-1].startswith(_DEFINITIONS)


def _fragments(spec: TrainingJobSpec, estimator: EstimatorReport) -> Iterator[Fragment]:
    """Yield the parts of the script, top to bottom."""
    classifier = estimator.classifier
    methods, measures = Methods.of(spec, classifier=classifier), Measures.of(spec.scoring, classifier=classifier)
    read = [*numbers.spellings(spec.dataset), *reading(spec)]
    yield from _titled("Read. Every field is a text until it is typed below.", read)
    yield from _titled(
        "Clean. Nothing here looks at a label beyond whether it is there.", [data.cleaning(spec, methods)]
    )
    yield from _titled("Type: what a number is, and nothing else is one.", [numbers.types(spec.dataset)])
    yield data.target(spec, classifier=classifier)
    yield from data.order_columns(spec, methods)
    yield from data.dates(spec.dataset)
    yield data.features(spec)
    yield from _classes(spec, measures, estimator)
    yield from _titled("Divide the rows. Cells see the training part and nothing else.", [data.split(spec, methods)])
    yield from named_columns.fragments(spec)
    yield from _titled("The pipeline, and what is varied.", [model.pipeline(spec, estimator)])
    yield model.grid(spec, estimator.label_parameters)
    yield from left_out.fragments(spec, estimator.refused)
    yield from _titled("Cross-validate every cell on the training part.", scoring.scorers(spec, measures))
    yield model.cross_validation(spec, methods)
    yield model.search(spec, leaves_out=bool(estimator.refused))
    groups = ", groups=groups[train]" if methods.folds_by_group else ""
    yield load("search", groups=groups)
    is_score = scoring.is_score(spec.scoring)
    yield from left_out.whole_table(is_score, estimator.refused)
    table = "whole(search.cv_results_)" if estimator.refused else "search.cv_results_"
    yield from choosing.refit_function(spec.scoring, measures.objective)
    yield choosing.winner(spec.scoring, measures.objective, table, is_score)
    yield from curve.fragments(spec, methods, measures.objective, groups)
    yield load("printed")


def _classes(spec: TrainingJobSpec, measures: Measures, estimator: EstimatorReport) -> Iterator[Fragment]:
    """Yield what finds classes by the labels that the spec writes."""
    by_name, weighed = scoring.needs_positive(spec, measures), weighs_labels(spec)
    if by_name or weighed or names_labels(spec, estimator.label_parameters):
        yield load("code_of")
    if weighed:
        yield load("label_weights")
    if by_name:
        yield scoring.positive(spec)


def _titled(title: str, fragments: list[Fragment]) -> list[Fragment]:
    """Return fragments with a comment above the first one."""
    first, *rest = fragments
    return [Fragment(f"# {title}\n{first.code}", first.imports), *rest]


def _header(name: str, spec: TrainingJobSpec) -> str:
    """Return the docstring: what the script is, what it needs, how to run it."""
    package = spec.estimator.class_name.partition(".")[0]
    own = [package] if package != "sklearn" else []
    needed = ["pandas", "scikit-learn", *own, *packages(spec.dataset)]
    return load(
        "header",
        name=name,
        packages=f"{', '.join(needed[:-1])} and {needed[-1]}",
        threads=str(spec.execution.threads),
        files="\nRelative paths start at the folder that it is run in.\n"
        if any(map(is_file, spec.dataset.sources))
        else "",
        cells="as they are drawn" if spec.search.algorithm is SearchAlgorithm.RANDOM else "in the order of the grid",
    ).code
