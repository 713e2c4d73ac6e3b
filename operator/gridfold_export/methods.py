"""What each Auto of split and cross-validation becomes; the data has no say in it."""

from dataclasses import dataclass

from gridfold.api.v1alpha1 import CrossValidationMethod, SplitMethod, TrainingJobSpec
from gridfold.domain.auto_methods import fold_method, split_method

_GROUPED = (CrossValidationMethod.GROUPED, CrossValidationMethod.STRATIFIED_GROUPED)


@dataclass(frozen=True)
class Methods:
    """How rows are divided."""

    split: SplitMethod
    cross_validation: CrossValidationMethod

    @classmethod
    def of(cls, spec: TrainingJobSpec, *, classifier: bool) -> "Methods":
        """Return the methods of a job, as api.md resolves Auto."""
        split = split_method(spec, classifier=classifier)
        return cls(split, fold_method(spec, split, classifier=classifier))

    @property
    def by_time(self) -> bool:
        """Tell whether rows are divided by time."""
        return self.split is SplitMethod.TIME_ORDERED

    @property
    def predefined(self) -> bool:
        """Tell whether a column names the folds."""
        return self.cross_validation is CrossValidationMethod.PREDEFINED

    @property
    def folds_by_group(self) -> bool:
        """Tell whether the folds keep groups together."""
        return self.cross_validation in _GROUPED

    @property
    def uses_groups(self) -> bool:
        """Tell whether anything keeps groups together."""
        return self.split is SplitMethod.GROUPED or self.folds_by_group
