"""All that can be known to be wrong before a cell runs, collected so that it is told at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.handoff import Stage
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average, CrossValidationMethod, Encode, SplitMethod, TrainingJobSpec
from gridfold.api.v1alpha1.quantities import amount
from gridfold.api.v1alpha1.resources import MEMORY
from gridfold.api.validation import show
from gridfold.domain.auto_methods import fold_method, split_method
from gridfold.domain.grid import PREPROCESSING, Grid, Parameters, plain_value
from gridfold.domain.keys import cell_preprocessing
from gridfold.domain.stage_needs import scratch_of
from gridfold_trainer.advice import on_laptop
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.data.targets import Classes, Target
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import (
    before_data,
    column_parameters,
    cross_validation,
    estimators,
    metric_domains,
    python_spellings,
    sampling,
    scorers,
)
from gridfold_trainer.learning.label_parameters import find_class
from gridfold_trainer.learning.part_classes import training_problem
from gridfold_trainer.learning.splits import Parts, make_parts

_SHOWN = 10
_TWO = 2
_POSITIVE_CHARACTERS = 256
_ENCODE_AXIS = "preprocessing.categorical.encode"
#: Of a cell before it has read any data (performance.md: 130 to 170 MiB).
_PROCESS_BYTES = 128 * 2**20
_VALUE_BYTES = 8


@dataclass(frozen=True)
class Infeasible:
    """Which cells the estimator refuses, and why."""

    cells: frozenset[int]
    messages: dict[str, int]  #: the estimator's words: how many cells


def spec_problems(spec: TrainingJobSpec, cls: type) -> list[str]:
    """Return what is wrong with names and numbers of parameters, whatever the data is."""
    fixed = spec.estimator.parameters
    places = [("spec.estimator.parameters", name, [value]) for name, value in fixed.items()]
    for index, axes in enumerate(spec.search.grid):
        names = (name for name in axes if not name.startswith(PREPROCESSING))
        places += [(f"spec.search.grid[{index}]", name, axes[name]) for name in names]
    problems: dict[str, None] = {}  # in order, each once
    for where, name, values in places:
        for unknown in estimators.unknown_parameters(cls, [name]):
            problems[f"{where}.{name}: {unknown}"] = None
        for value in values:
            ambiguous = estimators.ambiguous_number(cls, name, value)
            if ambiguous:
                problems[f"{where}: {ambiguous}"] = None
    return [*problems, *_spelled(spec, cls)]


def _spelled(spec: TrainingJobSpec, cls: type) -> Iterator[str]:
    """Yield values that are written as in Python, where YAML reads a text."""
    for name, value in spec.estimator.parameters.items():
        yield from python_spellings.fixed_problems(cls, name, value)
    for index, axes in enumerate(spec.search.grid):
        for name, values in axes.items():
            if not name.startswith(PREPROCESSING):
                yield from python_spellings.axis_problems(cls, f"spec.search.grid[{index}].{name}", name, values)


def find_positive(spec: TrainingJobSpec, classes: Classes | None) -> tuple[int | None, list[str]]:
    """Return the code of the positive class (None where there are not two classes) and what is wrong with it."""
    label = spec.dataset.positive_class
    path = "spec.dataset.positiveClass"
    if classes is None or len(classes) != _TWO:
        if label is None:
            return None, []
        found = "numbers" if classes is None else f"{len(classes)} classes"
        return None, [f"{path} is {show(label)}, but the target has {found}; it is for two classes, leave it out."]
    if label is None:
        return _TWO - 1, []
    code = find_class(label.strip() if spec.cleaning.trim_text else label, classes)
    if code is None:
        return None, [f"{path} is {show(label)}, but the classes are {' and '.join(map(show, classes))}."]
    return code, []


def resolve(spec: TrainingJobSpec, cls: type, classes: Classes | None, positive: int | None) -> Resolved:
    """Return what each Auto becomes."""
    split, average = split_method(spec, classifier=classes is not None), spec.scoring.average
    folds = fold_method(spec, split, classifier=classes is not None)
    objective, metrics = scorers.choose(spec.scoring, classifier=classes is not None)
    if average is Average.AUTO:
        average = Average.BINARY if classes is not None and len(classes) == _TWO else Average.MACRO
    open_state = estimators.takes_random_state(cls) and estimators.RANDOM_STATE not in spec.estimator.parameters
    everywhere = all(estimators.RANDOM_STATE in axes for axes in spec.search.grid)
    return Resolved(
        split=split.value,
        cross_validation=folds.value,
        objective=objective,
        metrics=metrics,
        average=None if classes is None else average.value,
        positive_class=None if classes is None or positive is None else str(classes[positive])[:_POSITIVE_CHARACTERS],
        random_state=spec.split.seed if open_state and not everywhere else None,
    )


def target_problems(
    spec: TrainingJobSpec, resolved: Resolved, target: Target, orders: Orders
) -> tuple[Parts | None, list[str]]:
    """Return the three parts (None where the rows cannot be divided so) and what forbids split, folds or metrics."""
    problems = [
        *scorers.check(spec.scoring, resolved, target.classes),
        *metric_domains.problems(resolved.metrics, target.y, target.classes),
        *_repeat_problems(spec, resolved),
    ]
    if target.classes is not None and len(target.classes) < _TWO:
        return None, problems
    if target.classes is None and resolved.split == SplitMethod.STRATIFIED:
        return None, [*problems, "spec.split.method is Stratified, but the target is a number; use method: Random."]
    try:
        parts = make_parts(target.y, spec.split, resolved, target.classes, orders)
    except DataError as error:
        return None, [*problems, *error.problems]
    useless = training_problem(target, parts, spec.split, resolved, orders)
    if useless is not None:
        return None, [*problems, useless]
    y_train = target.y[parts.train]
    folds = cross_validation.check(y_train, spec.cross_validation, resolved, target.classes, orders.at(parts.train))
    return parts, problems + folds


def _repeat_problems(spec: TrainingJobSpec, resolved: Resolved) -> list[str]:
    repeats, method = spec.cross_validation.repeats, resolved.cross_validation
    if repeats == 1 or method in {CrossValidationMethod.K_FOLD, CrossValidationMethod.STRATIFIED}:
        return []
    return [
        f"spec.crossValidation.repeats is {repeats}, but its method Auto became {method}, which draws its folds once; "
        f"leave repeats out, or use another split."
    ]


def memory_problems(spec: TrainingJobSpec, columns: Sequence[Column], train_rows: int) -> list[str]:
    """Return whether the cells' memory limit is too small for what they cannot do without.

    That is: the training part, and what the preprocessing makes of one fold of it, in 64-bit floats.
    """
    limit, setting = spec.execution.resources.limits.get(MEMORY), "spec.execution.resources.limits.memory"
    if limit is None:
        return []
    if spec.execution.out_of_memory is not None:  # they may get as much
        limit, setting = spec.execution.out_of_memory.max_memory, "spec.execution.outOfMemory.maxMemory"
    options = [spec.estimator.preprocessing.categorical.encode.value]
    for axes in spec.search.grid:
        options += [str(value) for value in axes.get(_ENCODE_AXIS, ())]
    one_hot = all(option == Encode.ONE_HOT for option in options)
    width = sum(max(1, len(column.categories)) if one_hot else 1 for column in columns)
    folds = spec.cross_validation.folds
    least = _PROCESS_BYTES + 8 * train_rows * (len(columns) + width * (folds - 1) // folds)
    if least <= amount(limit):
        return []
    wide = "columns of many categories, or encode them as Ordinal" if width > len(columns) else "columns"
    return [
        f"{setting} is {limit}, but each cell needs at least {least // 2**20} MiB: "
        f"{train_rows} training rows of {len(columns)} columns, {width} after encoding. Raise the limit, or exclude "
        f"{wide}."
    ]


def scratch_problems(spec: TrainingJobSpec, columns: int, rows: int) -> list[str]:
    """Return whether cells or refit may write fewer temporary files than the prepared data has bytes, which they fetch.

    Of a cluster only: elsewhere nobody keeps the limit.
    """
    if on_laptop():
        return []
    least = _VALUE_BYTES * rows * (columns + 1)
    problems: dict[str, str] = {}  # one setting can be that of both
    for stage in (Stage.CELL, Stage.REFIT):
        scratch = scratch_of(spec.execution, stage)
        if scratch is not None and scratch.size_bytes < least:
            text = (
                f"{scratch.setting} is {scratch.size}, but each {stage} fetches the prepared data of {least} bytes; "
                f"raise it to {-(-least // 2**20)}Mi at least."
            )
            problems.setdefault(scratch.setting, text)
    return [*problems.values()]


def find_infeasible(spec: TrainingJobSpec, cls: type, data: Assembled, random_state: int | None) -> Infeasible:
    """Return the cells whose parameters the estimator refuses.

    Raises:
        DataError: it refuses all of them, so there is nothing to search.
    """
    fixed = {name: plain_value(value) for name, value in spec.estimator.parameters.items()}
    if random_state is not None:
        fixed.setdefault(estimators.RANDOM_STATE, random_state)
    cells: set[int] = set()
    messages: dict[str, int] = {}
    grid, drawn = Grid.of(spec.search.grid), sampling.draw(spec.search)
    refuses = _Refuses(cls, fixed, scorers.choose(spec.scoring, classifier=data.target.classes is not None)[1], data)
    for cell, number in enumerate(drawn):
        problem = refuses(grid[number], cell_preprocessing(spec, grid[number])["categorical"]["encode"])
        if problem is not None:
            cells.add(cell)
            messages[problem] = messages.get(problem, 0) + 1
    if len(cells) == len(drawn):
        shown = [f"{problem} ({count} cells)" for problem, count in list(messages.items())[:_SHOWN]]
        raise DataError(*(f"{cls.__name__} refuses every cell of spec.search.grid: {text}" for text in shown))
    return Infeasible(frozenset(cells), messages)


def refused_by_itself(spec: TrainingJobSpec, cls: type) -> dict[str, list[int]]:
    """Return the cells that the estimator refuses whatever the data is, by its words; {} where it refuses all."""
    fixed = {name: plain_value(value) for name, value in spec.estimator.parameters.items()}
    grid, drawn = Grid.of(spec.search.grid), sampling.draw(spec.search)
    refuses = _Refuses(cls, fixed, scorers.choose(spec.scoring, classifier=estimators.is_classifier(cls))[1])
    found: dict[str, list[int]] = {}
    for cell, number in enumerate(drawn):
        problem = refuses(grid[number], cell_preprocessing(spec, grid[number])["categorical"]["encode"])
        if problem is not None:
            found.setdefault(problem, []).append(cell)
    return found if sum(map(len, found.values())) < len(drawn) else {}


class _Refuses:
    """What the estimator says of a cell; cells that differ in imputation or scale alone are asked about once."""

    def __init__(self, cls: type, fixed: dict[str, Any], metrics: Sequence[str], data: Assembled | None = None) -> None:
        self._cls, self._fixed, self._metrics = cls, fixed, metrics
        self._classes = data.target.classes if data else None
        self._columns = data.columns if data else None
        self._known: dict[str, str | None] = {}

    def __call__(self, chosen: Parameters, encode: str) -> str | None:
        """Return why a cell cannot be fitted or measured, or None."""
        parameters = {**self._fixed, **{n: value for n, value in chosen.items() if not n.startswith(PREPROCESSING)}}
        mark = repr((encode, sorted(parameters.items())))
        if mark not in self._known:
            self._known[mark] = self._problem(parameters, encode)
        return self._known[mark]

    def _problem(self, parameters: dict[str, Any], encode: str) -> str | None:
        problem = estimators.parameter_problem(self._cls, parameters, self._classes)
        if problem is None and self._columns is not None:
            problem = column_parameters.refusal(self._cls, parameters, encode, self._columns)
        if problem is not None:
            return problem
        estimator = estimators.build(self._cls, estimators.constructor_values(self._cls, parameters, self._classes))
        problem = scorers.response_problem(estimator, self._metrics)
        if problem is None and self._columns is None:
            return before_data.refusal(estimator)  # with data at hand the cell's own fits say it
        return problem
