"""The winner on parts of each fold's rows."""

from collections.abc import Iterator

from gridfold.api.v1alpha1 import CrossValidationMethod, TrainingJobSpec
from gridfold_export.fragments import Fragment, load
from gridfold_export.methods import Methods

#: What chooses a part of a fold's rows; the stratified ones by an order that is made first.
_PARTS = {
    CrossValidationMethod.STRATIFIED: ("part_interleaved", "part_stratified"),
    CrossValidationMethod.GROUPED: ("part_groups",),
    CrossValidationMethod.STRATIFIED_GROUPED: ("part_interleaved", "part_groups_stratified"),
    CrossValidationMethod.TIME_SERIES: ("part_time",),
}


def fragments(spec: TrainingJobSpec, methods: Methods, objective: str, groups: str) -> Iterator[Fragment]:
    """Yield what fits the winner on parts of the rows, where the job asks for it; `groups` is for the splitter."""
    if spec.learning_curve is None:
        return
    first, *rest = [load(name) for name in _PARTS.get(methods.cross_validation, ("part_rows",))]
    title = "# The learning curve: the winner on parts of each fold's rows, the last is the fold."
    yield Fragment(f"{title}\n{first.code}", first.imports)
    yield from rest
    yield load(
        "learning_curve",
        fractions=str(spec.learning_curve.fractions),
        seed=str(spec.cross_validation.seed),
        objective=objective,
        groups=groups,
    )
