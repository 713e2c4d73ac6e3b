"""The pipeline, the grid and the search."""

from collections.abc import Mapping
from typing import Any

from gridfold.api.inspection import EstimatorReport
from gridfold.api.v1alpha1 import CrossValidationMethod, SearchAlgorithm, TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING, cell_count, script_name
from gridfold_export import named_columns
from gridfold_export.fragments import Fragment
from gridfold_export.label_values import LabelParameters, parameter_value
from gridfold_export.literals import Call, Name, assign
from gridfold_export.methods import Methods

_IMPUTE = "from sklearn.impute import SimpleImputer"
_THROUGH = "passthrough"
_RANDOM_STATE = "random_state"
_STEPS: Mapping[str, Mapping[str, Any]] = {
    "numeric.impute": {
        "Median": Call("SimpleImputer", (), {"strategy": "median"}),
        "Mean": Call("SimpleImputer", (), {"strategy": "mean"}),
        "MostFrequent": Call("SimpleImputer", (), {"strategy": "most_frequent"}),
    },
    "numeric.scale": {
        "Standard": Call("StandardScaler"),
        "MinMax": Call("MinMaxScaler"),
        "Robust": Call("RobustScaler"),
    },
    "categorical.impute": {"MostFrequent": Call("SimpleImputer", (), {"strategy": "most_frequent"})},
    "categorical.encode": {
        "OneHot": Call("OneHotEncoder", (), {"handle_unknown": "ignore", "sparse_output": False}),
        "Ordinal": Call("OrdinalEncoder", (), {"handle_unknown": "use_encoded_value", "unknown_value": -1}),
        "Native": Call("OrdinalEncoder", (), {"handle_unknown": "use_encoded_value", "unknown_value": Name("np.nan")}),
    },
}
_FOLDS = {
    CrossValidationMethod.K_FOLD: ("KFold", "RepeatedKFold"),
    CrossValidationMethod.STRATIFIED: ("StratifiedKFold", "RepeatedStratifiedKFold"),
    CrossValidationMethod.GROUPED: ("GroupKFold", ""),
    CrossValidationMethod.STRATIFIED_GROUPED: ("StratifiedGroupKFold", ""),
    CrossValidationMethod.TIME_SERIES: ("TimeSeriesSplit", ""),
    CrossValidationMethod.PREDEFINED: ("PredefinedSplit", ""),
}


def pipeline(spec: TrainingJobSpec, estimator: EstimatorReport) -> Fragment:
    """Return the pipeline; its steps are named as the axes of the grid are."""
    module, _, name = spec.estimator.class_name.rpartition(".")
    labels = estimator.label_parameters
    values = {name: parameter_value(name, value, labels) for name, value in spec.estimator.parameters.items()}
    varied = all(_RANDOM_STATE in axes for axes in spec.search.grid)
    if estimator.takes_random_state and _RANDOM_STATE not in values and not varied:
        values[_RANDOM_STATE] = spec.split.seed
    values |= estimator.fixed
    groups = [("numeric", Name("numeric"), Name("numbers")), ("categorical", Name("categorical"), Name("texts"))]
    steps = [("preprocessing", Name("preprocessing")), ("estimator", Call(name, (), values))]
    lines = [
        'numbers = X.select_dtypes("number").columns.tolist()',
        'texts = X.select_dtypes(exclude="number").columns.tolist()',
        assign("numeric", _group(spec, "numeric")),
        assign("categorical", _group(spec, "categorical")),
        assign("preprocessing", Call("ColumnTransformer", (groups,))),
        assign("pipeline", Call(named_columns.CLASS if named_columns.is_needed(spec) else "Pipeline", (steps,))),
    ]
    return _with_imports(lines, grid(spec, labels), f"from {module} import {name}")


def _group(spec: TrainingJobSpec, kind: str) -> Any:
    """Return the transformer of a kind of columns: steps that are neither asked for nor varied are left out."""
    chosen = spec.estimator.preprocessing.document()[kind]
    steps = [
        (step, _STEPS[f"{kind}.{step}"].get(chosen[step], _THROUGH))
        for step in chosen
        if chosen[step] != "None" or any(f"{PREPROCESSING}{kind}.{step}" in axes for axes in spec.search.grid)
    ]
    return Call("Pipeline", (steps,)) if steps else _THROUGH


def grid(spec: TrainingJobSpec, labels: LabelParameters) -> Fragment:
    """Return the grid in the names of the pipeline's steps; ParameterGrid numbers its cells as Gridfold does."""
    grids = [
        {script_name(name): [_axis_value(name, value, labels) for value in values] for name, values in axes.items()}
        for axes in spec.search.grid
    ]
    return Fragment(assign("grid", grids[0] if len(grids) == 1 else grids))


def cross_validation(spec: TrainingJobSpec, methods: Methods) -> Fragment:
    """Return the splitter."""
    folds, method = spec.cross_validation, methods.cross_validation
    single, repeated = _FOLDS[method]
    seed = {"random_state": folds.seed}
    if method is CrossValidationMethod.TIME_SERIES:
        options = {"max_train_size": folds.max_train_size, "gap": folds.gap}
        call = Call(single, (folds.folds,), {name: rows for name, rows in options.items() if rows})
    elif method is CrossValidationMethod.PREDEFINED:
        call = Call(single, (Name("folds[train]"),))
    elif folds.repeats > 1 and repeated:
        call = Call(repeated, (), {"n_splits": folds.folds, "n_repeats": folds.repeats, **seed})
    else:
        call = Call(single, (folds.folds,), {"shuffle": True, **seed})
    return Fragment(assign("cv", call), (f"from sklearn.model_selection import {call.function}",))


def search(spec: TrainingJobSpec, *, leaves_out: bool) -> Fragment:
    """Return the search; refit is the protocol's own, later."""
    options: dict[str, Any] = {"scoring": Name("scorers"), "refit": False, "cv": Name("cv")}
    options |= {"return_train_score": True} if spec.scoring.train_scores else {}
    name = "GridSearchCV"
    if leaves_out:
        start = "tried = [{name: [value] for name, value in cells[number].items()} for number in kept]\n"
        call = Call(name, (Name("pipeline"), Name("tried")), options)
        return Fragment(start + assign("search", call), (f"from sklearn.model_selection import {name}",))
    if spec.search.algorithm is SearchAlgorithm.RANDOM:
        name = "RandomizedSearchCV"
        options |= {"n_iter": cell_count(spec.search), "random_state": spec.search.seed}
    call = Call(name, (Name("pipeline"), Name("grid")), options)
    return Fragment(assign("search", call), (f"from sklearn.model_selection import {name}",))


def _axis_value(name: str, value: Any, labels: LabelParameters) -> Any:
    if name.startswith(PREPROCESSING):
        choice = "None" if value is None else value
        return _STEPS[name.removeprefix(PREPROCESSING)].get(choice, _THROUGH)
    return parameter_value(name, value, labels)


def _with_imports(lines: list[str], varied: Fragment, estimator: str) -> Fragment:
    """Return the pipeline's code with the imports of whatever it, or the grid, names."""
    code = "\n".join(lines)
    everything = code + varied.code
    imports = [
        "from sklearn.compose import ColumnTransformer",
        "from sklearn.pipeline import Pipeline",
        estimator,
    ]
    imports += [_IMPUTE] if "SimpleImputer(" in everything else []
    scalers = ("StandardScaler", "MinMaxScaler", "RobustScaler", "OneHotEncoder", "OrdinalEncoder")
    imports += [f"from sklearn.preprocessing import {name}" for name in scalers if f"{name}(" in everything]
    imports += ["import numpy as np"] if "np.nan" in everything else []
    return Fragment(code, tuple(imports))
