"""What each Auto of split and cross-validation becomes; the data has no say in it."""

from dataclasses import dataclass

from gridfold.api.v1alpha1 import CrossValidationMethod, SplitMethod, TrainingJobSpec

_GROUPED = (CrossValidationMethod.GROUPED, CrossValidationMethod.STRATIFIED_GROUPED)


@dataclass(frozen=True)
class Methods:
    """How rows are divided."""

    split: SplitMethod
    cross_validation: CrossValidationMethod

    @classmethod
    def of(cls, spec: TrainingJobSpec, *, classifier: bool) -> "Methods":
        """Return the methods of a job, as api.md resolves Auto."""
        split = _split(spec, classifier=classifier)
        return cls(split, _cross_validation(spec, split, classifier=classifier))

    @property
    def by_time(self) -> bool:
        """Tell whether rows are divided by time."""
        return self.split is SplitMethod.TIME_ORDERED

    @property
    def folds_by_group(self) -> bool:
        """Tell whether the folds keep groups together."""
        return self.cross_validation in _GROUPED

    @property
    def uses_groups(self) -> bool:
        """Tell whether anything keeps groups together."""
        return self.split is SplitMethod.GROUPED or self.folds_by_group


def _split(spec: TrainingJobSpec, *, classifier: bool) -> SplitMethod:
    if spec.split.method is not SplitMethod.AUTO:
        return spec.split.method
    if spec.dataset.group_column is not None:
        return SplitMethod.GROUPED
    if spec.dataset.time_column is not None:
        return SplitMethod.TIME_ORDERED
    return SplitMethod.STRATIFIED if classifier else SplitMethod.RANDOM


def _cross_validation(spec: TrainingJobSpec, split: SplitMethod, *, classifier: bool) -> CrossValidationMethod:
    if spec.cross_validation.method is not CrossValidationMethod.AUTO:
        return spec.cross_validation.method
    if split is SplitMethod.TIME_ORDERED:
        return CrossValidationMethod.TIME_SERIES
    if split is SplitMethod.GROUPED:
        return CrossValidationMethod.STRATIFIED_GROUPED if classifier else CrossValidationMethod.GROUPED
    return CrossValidationMethod.STRATIFIED if classifier else CrossValidationMethod.K_FOLD
