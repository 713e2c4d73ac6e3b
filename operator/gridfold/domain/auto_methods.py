"""What Auto becomes: how rows are divided into parts and folds, by what the spec says and the kind of estimator."""

from gridfold.api.v1alpha1 import CrossValidationMethod, SplitMethod, TrainingJobSpec


def split_method(spec: TrainingJobSpec, *, classifier: bool) -> SplitMethod:
    """Return how the three parts are made."""
    if spec.split.method is not SplitMethod.AUTO:
        return spec.split.method
    if spec.dataset.group_column is not None:
        return SplitMethod.GROUPED
    if spec.dataset.time_column is not None:
        return SplitMethod.TIME_ORDERED
    return SplitMethod.STRATIFIED if classifier else SplitMethod.RANDOM


def fold_method(spec: TrainingJobSpec, split: SplitMethod, *, classifier: bool) -> CrossValidationMethod:
    """Return how the folds are made, where the parts are made by `split`."""
    if spec.cross_validation.method is not CrossValidationMethod.AUTO:
        return spec.cross_validation.method
    if spec.dataset.fold_column is not None:
        return CrossValidationMethod.PREDEFINED
    if split is SplitMethod.TIME_ORDERED:
        return CrossValidationMethod.TIME_SERIES
    if split is SplitMethod.GROUPED:
        return CrossValidationMethod.STRATIFIED_GROUPED if classifier else CrossValidationMethod.GROUPED
    return CrossValidationMethod.STRATIFIED if classifier else CrossValidationMethod.K_FOLD
