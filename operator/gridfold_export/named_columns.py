"""The pipeline of a job whose estimator is told of columns by name, or which of them are categories."""

from collections.abc import Iterator
from textwrap import indent
from typing import Any

from gridfold.api.column_parameters import (
    COLUMN_MEASURES,
    COLUMN_PARAMETERS,
    ColumnForm,
    ColumnParameter,
    names_columns,
)
from gridfold.api.v1alpha1 import Encode, TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING, plain_value
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import INDENT, LINE_CHARACTERS, quoted

CLASS = "NamedColumns"
_ENCODE = f"{PREPROCESSING}categorical.encode"
_ENCODER = 'encoder = self[0].named_transformers_["categorical"].named_steps["encode"]'
_FOR = "for name in names"
_XGBOOST, _LIGHTGBM = "xgboost", "lightgbm"


def is_needed(spec: TrainingJobSpec) -> bool:
    """Tell whether scikit-learn's own pipeline is not enough."""
    return Encode.NATIVE in _encodes(spec) or any(_told(spec))


def fragments(spec: TrainingJobSpec) -> Iterator[Fragment]:
    """Yield the class, where it is needed."""
    if not is_needed(spec):
        return
    encodes, varied = _encodes(spec), any(_ENCODE in axes for axes in spec.search.grid)
    told = dict(_told(spec))
    lines = [_ENCODER] if varied else []
    for name, parameter in told.items():
        lines += _translated(spec, name, parameter, may_be_one_hot=varied and Encode.ONE_HOT in encodes)
    if Encode.NATIVE in encodes:
        native = _native(spec)
        unknown = ['unknown = getattr(encoder, "unknown_value", 0)', "if unknown != unknown:  # NaN: Native"]
        lines += [*unknown, *(INDENT + line for line in native)] if varied else native
    arguments = "matrix, y"
    if Encode.NATIVE in encodes and _package(spec) == _LIGHTGBM:
        arguments += ", categorical_feature=categories"
        lines = ['categories = "auto"', *lines] if varied else lines
    yield load("named_columns", lines=indent("\n".join(lines), 2 * INDENT), arguments=arguments)


def _encodes(spec: TrainingJobSpec) -> list[Any]:
    """Return the encodings of a job's cells."""
    fixed = spec.estimator.preprocessing.categorical.encode
    return [encode for axes in spec.search.grid for encode in axes.get(_ENCODE, [fixed])]


def _told(spec: TrainingJobSpec) -> Iterator[tuple[str, ColumnParameter]]:
    """Yield the parameters that name columns in some cell."""
    for name, parameter in COLUMN_PARAMETERS.items():
        values = [spec.estimator.parameters.get(name)]
        values += [value for axes in spec.search.grid for value in axes.get(name, ())]
        if any(names_columns(name, plain_value(value)) for value in values):
            yield name, parameter


def _translated(spec: TrainingJobSpec, name: str, parameter: ColumnParameter, *, may_be_one_hot: bool) -> list[str]:
    """Return the lines that turn names into positions, where a cell has names."""
    kind = "dict" if parameter.form in {ColumnForm.VALUES, ColumnForm.MEASURES} else "list"
    own = f"getattr(estimator, {quoted(name)}, None)" if _package(spec) == _LIGHTGBM else f"estimator.{name}"
    lines = [f"value = {own}", f"if isinstance(value, {kind}):"]
    if parameter.single and may_be_one_hot:
        lines += [
            f"{INDENT}if isinstance(encoder, OneHotEncoder) and set(texts) & set(value):",
            f'{2 * INDENT}raise ValueError("{name} has no meaning for 0 and 1 columns")',
        ]
    if parameter.form is ColumnForm.MEASURES:
        measures = ", ".join(map(quoted, COLUMN_MEASURES))
        return [
            *lines,
            f"{INDENT}told[{quoted(name)}] = value = dict(value)",
            f"{INDENT}for key in {{{measures}}} & set(value):",
            f"{2 * INDENT}value[key] = [value[key].get(name, {parameter.rest!r}) {_FOR}]",
        ]
    before, code, after = {
        ColumnForm.NAMES: ("[", f"name in value {_FOR}", "]"),
        ColumnForm.VALUES: ("[", f"value.get(name, {parameter.rest!r}) {_FOR}", "]"),
        ColumnForm.GROUPS: ("[", "[i for i, n in enumerate(names) if n in g] for g in value", "]"),
    }[parameter.form]
    if _package(spec) == _XGBOOST and name == "monotone_constraints":
        before, after = "tuple(", ")"
    elif _package(spec) == _XGBOOST and name == "interaction_constraints":
        before, code, after = "str(", f"[{code}]", ")"
    return [*lines, *(INDENT + line for line in _laid_out(f"told[{quoted(name)}] = {before}", code, after))]


def _laid_out(before: str, code: str, after: str) -> list[str]:
    """Return an assignment in the body of the class, in three lines where one is too long."""
    if len(f"{3 * INDENT}{before}{code}{after}") <= LINE_CHARACTERS:
        return [before + code + after]
    return [before, INDENT + code, after]


def _native(spec: TrainingJobSpec) -> list[str]:
    """Return the lines that say which columns are categories, as each package wants to hear it."""
    package = _package(spec)
    if package == _XGBOOST:
        kinds = f'["c" if name in texts else "q" {_FOR}]'
        return ['told["enable_categorical"] = True', f'told["feature_types"] = {kinds}']
    if package == _LIGHTGBM:
        return ["categories = [i for i, name in enumerate(names) if name in texts]"]
    return [f'told["categorical_features"] = [name in texts {_FOR}]']


def _package(spec: TrainingJobSpec) -> str:
    return spec.estimator.class_name.partition(".")[0]
