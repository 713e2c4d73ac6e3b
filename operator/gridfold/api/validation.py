"""From a document to a TrainingJob, or to all of its problems at once."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gridfold.api.base import ApiModel
from gridfold.api.column_parameters import map_depth
from gridfold.api.confidential import HIDDEN, names_secret, names_secret_parameter, told_url, without_secrets
from gridfold.api.estimator_names import class_name_problem
from gridfold.api.known_estimators import full_name_advice
from gridfold.api.simplest import simplest_problems
from gridfold.api.v1alpha1 import CLASS_PATTERN, PATTERN_WORDS, ColumnType, TrainingJob
from gridfold.api.v1alpha1.metric_words import metric_problem

SHOWN_VALUE_CHARACTERS = 256


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a document."""

    path: str  #: such as spec.split.train
    value: str  #: the value seen, as JSON, shortened
    rule: str  #: what is expected, or what to do

    def __str__(self) -> str:
        """Return one sentence: path, value, rule."""
        seen = f" is {self.value}:" if self.value else ":"
        return f"{self.path}{seen} {self.rule}"


class InvalidTrainingJobError(ValueError):
    """A document is not a valid TrainingJob; `problems` has every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def parse_training_job(document: Mapping[str, Any], estimator_prefixes: Sequence[str] = ()) -> TrainingJob:
    """Return the TrainingJob of a document as the API server would store it.

    `estimator_prefixes` are the packages whose classes the platform allows beside scikit-learn's.

    Raises:
        InvalidTrainingJobError: with all problems.
    """
    cleaned = drop_nulls(document)
    try:
        job = TrainingJob.model_validate(cleaned, by_alias=True, by_name=False)  # maxCells, never max_cells
    except ValidationError as error:
        raise InvalidTrainingJobError(tuple(_schema_problems(error))) from error
    problems = (
        *_rule_problems(job, ""),
        *_class_problems(job, estimator_prefixes),
        *_parameter_problems(job),
        *_format_problems(job),
        *(Problem(path, show(value), what) for path, value, what in simplest_problems(job.spec)),
    )
    if problems:
        raise InvalidTrainingJobError(problems)
    return job


def known_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a TrainingJob's document without the fields that this version does not know.

    A newer kind has given them their defaults, in every TrainingJob that is there.
    """
    cleaned: dict[str, Any] = drop_nulls(document)
    try:
        TrainingJob.model_validate(cleaned, by_alias=True, by_name=False)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            if found["type"] == "extra_forbidden":
                _remove(cleaned, found["loc"])
    return cleaned


def _remove(document: Any, location: Sequence[str | int]) -> None:
    """Remove a field of a document; pydantic's locations name the kinds of a union, too, which are no fields."""
    for part in location[:-1]:
        if isinstance(part, int) or part in document:
            document = document[part]
    document.pop(location[-1], None)


def drop_nulls(value: Any) -> Any:
    """Return a copy without the nulls of maps, as the API server prunes them; lists keep theirs."""
    if isinstance(value, Mapping):
        return {key: drop_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [drop_nulls(item) for item in value]
    return value


def show(value: object) -> str:
    """Return a value as JSON of at most 256 characters, without what is confidential in addresses."""
    if isinstance(value, str):
        value = told_url(value) if ":/" in value or ":\\" in value else value
    text = value if value == "" else without_secrets(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= SHOWN_VALUE_CHARACTERS else text[: SHOWN_VALUE_CHARACTERS - 1] + "…"


def _schema_problems(error: ValidationError) -> Iterator[Problem]:
    """Yield what pydantic found, in the words of the resource."""
    for found in error.errors(include_url=False):
        if any(names_secret_parameter(name) for name in _parameters_of(found["loc"])):
            found["input"] = HIDDEN
        path = _join(part for part in found["loc"] if not isinstance(part, str) or not part.startswith("function-"))
        if found["type"] == "missing":
            yield Problem(path, "", "is required")
        elif found["type"] == "extra_forbidden":
            value = HIDDEN if names_secret(str(found["loc"][-1])) else show(found["input"])
            yield Problem(path, value, "is not a field of this resource")
        elif found["type"] == "literal_error" and path.startswith("spec.scoring.") and isinstance(found["input"], str):
            yield Problem(path, show(found["input"]), metric_problem(found["input"]))
        else:
            yield Problem(path, show(found["input"]), _words(found.get("ctx", {}).get("pattern", ""), found))


def _parameters_of(location: Sequence[str | int]) -> list[str]:
    """Return the names at a location that are those of parameters or axes; only what is below them is confidential."""
    start = 3 if location[:3] in {("spec", "estimator", "parameters"), ("spec", "search", "grid")} else len(location)
    return [part for part in location[start:] if isinstance(part, str)]


def _words(pattern: str, found: Any) -> str:
    """Return what is expected where a value is not what its field wants."""
    words = PATTERN_WORDS.get(pattern, found["msg"])
    advice = full_name_advice(found["input"]) if pattern == CLASS_PATTERN else ""
    return f"{words}; {advice}" if advice else words


def _join(parts: Iterator[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else str(part))
    return path


def _rule_problems(model: ApiModel, path: str) -> Iterator[Problem]:
    """Yield the rules across fields that a model and all below it break."""
    for rule in model.rules:
        if not rule.check(model):
            where = ".".join(part for part in (path, rule.path) if part)
            yield Problem(where, show(rule.show(model)), rule.explain(model) if rule.explain else rule.message)
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        below = ".".join(part for part in (path, field.alias or name) if part)
        for where, item in _models(value, below):
            yield from _rule_problems(item, where)


def _models(value: object, path: str) -> Iterator[tuple[str, ApiModel]]:
    """Yield a field's model, or the models of its list or map, each with its path."""
    items: Iterable[tuple[str, object]] = [(path, value)]
    if isinstance(value, list):
        items = ((f"{path}[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, dict):
        items = ((f"{path}.{key}", item) for key, item in value.items())
    yield from ((where, item) for where, item in items if isinstance(item, ApiModel))


def _class_problems(job: TrainingJob, prefixes: Sequence[str]) -> Iterator[Problem]:
    name = job.spec.estimator.class_name
    problem = class_name_problem(name, prefixes)
    if problem:
        yield Problem("spec.estimator.className", show(name), problem)


def _format_problems(job: TrainingJob) -> Iterator[Problem]:
    """Yield formats that other fields contradict. CEL would have to look up each of a thousand names: too costly."""
    dataset = job.spec.dataset
    for name, found in (dataset.column_formats or {}).items():
        path = f"spec.dataset.columnFormats.{name}"
        declared = dataset.column_types.get(name, ColumnType.NUMERIC)
        if declared is not ColumnType.NUMERIC:
            yield Problem(path, "", f"makes the column Numeric, but columnTypes says {declared}; take one of them out")
        decimal, thousands = found.decimal or dataset.csv.decimal, found.thousands or dataset.csv.thousands
        if thousands == (decimal or ".") and None in {found.decimal, found.thousands}:
            what = f"decimal and thousands are both {show(thousands)} with those of csv; name the other one here, too"
            yield Problem(path, "", what)


#: Parameters that would let a job reach beyond its pod, or change how its work is measured.
REFUSED_PARAMETERS = {
    "n_jobs": "threads of a cell come from spec.execution.threads",
    "verbose": "a cell has nobody to talk to",
    "memory": "a cell caches nothing on disk",
}
TOLD_PARAMETER = (
    "may not be set: by its name it is a secret, and parameters are told in status, results, report and model card; "
    "leave it out, and have the estimator find it where it runs, in a file or by an identity"
)
PREPROCESSING_AXES = {
    "preprocessing.numeric.impute": ("Median", "Mean", "MostFrequent", "None"),
    "preprocessing.numeric.scale": ("Standard", "MinMax", "Robust", "None"),
    "preprocessing.categorical.impute": ("MostFrequent", "None"),
    "preprocessing.categorical.encode": ("OneHot", "Ordinal", "Native"),
}


def _parameter_problems(job: TrainingJob) -> Iterator[Problem]:
    """Yield what is wrong with free-typed parameters, as far as it can be known without scikit-learn."""
    for name, value in job.spec.estimator.parameters.items():
        path = f"spec.estimator.parameters.{name}"
        yield from _named_problems(path, name, value, {path: value})
    for index, grid in enumerate(job.spec.search.grid):
        for name, values in grid.items():
            path = f"spec.search.grid[{index}].{name}"
            if name.startswith("preprocessing"):
                yield from _preprocessing_problems(path, name, values)
                continue
            places = {f"{path}[{position}]": value for position, value in enumerate(values)}
            yield from _named_problems(path, name, values, places)


def _named_problems(path: str, name: str, given: Any, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with a parameter or axis, and with its values by their places: those of a secret stay so."""
    if names_secret_parameter(name):
        yield Problem(path, HIDDEN, TOLD_PARAMETER)
        return
    yield from _name_problems(path, name, given)
    for place, value in values.items():
        yield from _value_problems(place, name, value)


def _name_problems(path: str, name: str, value: object) -> Iterator[Problem]:
    if name in REFUSED_PARAMETERS:
        yield Problem(path, show(value), f"may not be set: {REFUSED_PARAMETERS[name]}")
    elif not all(part.isidentifier() for part in name.split("__")):
        yield Problem(path, show(value), "is not the name of a parameter")


def _preprocessing_problems(path: str, name: str, values: list[Any]) -> Iterator[Problem]:
    if name not in PREPROCESSING_AXES:
        yield Problem(path, show(values), f"is not an axis; expected one of {', '.join(PREPROCESSING_AXES)}")
        return
    allowed = PREPROCESSING_AXES[name]
    for position, value in enumerate(values):
        if value is not None and value not in allowed:
            yield Problem(f"{path}[{position}]", show(value), f"must be one of {', '.join(allowed)}")


def _value_problems(path: str, name: str, value: object) -> Iterator[Problem]:
    """Yield what is wrong with the value of a parameter; a few may be a map from labels, or columns, to numbers."""
    yield from _nested_problems(path, value, 1 if name == "class_weight" else map_depth(name))


def _nested_problems(path: str, value: object, depth: int) -> Iterator[Problem]:
    """Yield what is wrong with a value that may consist of maps in maps, so deep."""
    if depth > 0 and isinstance(value, dict) and not value.keys() & {"float", "int"}:
        for key, item in value.items():
            yield from _nested_problems(f"{path}.{key}", item, depth - 1)
    else:
        yield from _number_problems(path, value)


def _number_problems(path: str, value: object) -> Iterator[Problem]:
    """Yield what is wrong with a {float: …} or {int: …}, the only maps that a value may be."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _number_problems(f"{path}[{position}]", item)
    elif isinstance(value, dict):
        kind = next(iter(value), "")
        number = value.get(kind)
        if (
            len(value) != 1
            or kind not in {"float", "int"}
            or not isinstance(number, int | float)
            or isinstance(number, bool)
        ):
            yield Problem(path, show(value), "must be a plain value, {float: NUMBER} or {int: NUMBER}")
        elif kind == "int" and not float(number or 0).is_integer():
            yield Problem(path, show(value), "must be a whole number where {int: …} is written")
