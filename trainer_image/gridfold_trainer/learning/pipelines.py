"""The pipeline of a cell: preprocessing that is fitted inside each fold, then the estimator."""

from collections.abc import Mapping, Sequence
from typing import Any

from gridfold.api.v1alpha1 import CategoricalImputation, ColumnType, Encode, NumericImputation, Scale
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning import column_parameters
from gridfold_trainer.learning.light_imports import TRANSFORMERS, import_scikit_learn

#: kind of column: step: choice, as `gridfold.domain.keys.cell_preprocessing` returns it
Preprocessing = Mapping[str, Mapping[str, str]]

_NUMERIC_STRATEGIES = {
    NumericImputation.MEDIAN: "median",
    NumericImputation.MEAN: "mean",
    NumericImputation.MOST_FREQUENT: "most_frequent",
}


def build_pipeline(estimator: Any, columns: Sequence[Column], preprocessing: Preprocessing, *, names: bool) -> Any:
    """Return the unfitted pipeline around an unfitted estimator.

    With `names` it takes a DataFrame with these columns (the model for people), without it the prepared matrix, in
    which a column has its position and categories are codes (cells). Both give the same numbers, bit for bit.
    """
    import_scikit_learn(*TRANSFORMERS)
    from sklearn.pipeline import Pipeline

    transformer = _column_transformer(columns, preprocessing, names=names)
    before = [("preprocessing", transformer)] if transformer is not None else []
    steps = [*before, ("estimator", estimator)]
    parameters = estimator.get_params(deep=False)
    if column_parameters.needs_names(type(estimator), parameters, preprocessing["categorical"]["encode"]):
        from gridfold_trainer.learning.named_pipeline import NamedPipeline

        return NamedPipeline(steps, names=None if names else tuple(column.name for column in columns))
    return Pipeline(steps)


def plain_pipeline(pipeline: Any) -> Any:
    """Return a fitted pipeline as scikit-learn's own class, so that nothing of Gridfold is needed to use it."""
    from sklearn.pipeline import Pipeline

    return Pipeline(pipeline.steps)


def _column_transformer(columns: Sequence[Column], preprocessing: Preprocessing, *, names: bool) -> Any:
    """Return the preprocessing, numeric group first, or None where there is nothing to do."""
    groups = (
        ("numeric", ColumnType.NUMERIC, _numeric_steps(preprocessing["numeric"])),
        ("categorical", ColumnType.CATEGORICAL, _categorical_steps(preprocessing["categorical"])),
    )
    transformers = []
    for kind, column_type, steps in groups:
        positions = [number for number, column in enumerate(columns) if column.type == column_type]
        if positions:
            chosen = [columns[number].name for number in positions] if names else positions
            transformers.append((kind, _sequence(steps), chosen))
    if all(transformer == "passthrough" for _, transformer, _ in transformers):
        return None
    from sklearn.compose import ColumnTransformer

    return ColumnTransformer(transformers)


def _sequence(steps: Sequence[Any]) -> Any:
    """Return the steps as one transformer; a group that asks for none keeps its columns."""
    if not steps:
        return "passthrough"
    from sklearn.pipeline import make_pipeline

    return make_pipeline(*steps)


def _numeric_steps(choices: Mapping[str, str]) -> list[Any]:
    from sklearn import preprocessing
    from sklearn.impute import SimpleImputer

    scalers = {
        Scale.STANDARD: preprocessing.StandardScaler,
        Scale.MIN_MAX: preprocessing.MinMaxScaler,
        Scale.ROBUST: preprocessing.RobustScaler,
    }
    impute, scale = NumericImputation(choices["impute"]), Scale(choices["scale"])
    steps: list[Any] = []
    if impute in _NUMERIC_STRATEGIES:
        steps.append(SimpleImputer(strategy=_NUMERIC_STRATEGIES[impute]))
    if scale in scalers:
        steps.append(scalers[scale]())
    return steps


def _categorical_steps(choices: Mapping[str, str]) -> list[Any]:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    steps: list[Any] = []
    if CategoricalImputation(choices["impute"]) == CategoricalImputation.MOST_FREQUENT:
        steps.append(SimpleImputer(strategy="most_frequent"))
    encode = Encode(choices["encode"])
    if encode == Encode.ONE_HOT:
        steps.append(OneHotEncoder(handle_unknown="ignore", sparse_output=False))
    elif encode == Encode.NATIVE:
        steps.append(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan")))
    else:  # a category that a fold's training rows do not have becomes -1, as OneHot makes it all zeros
        steps.append(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    return steps
