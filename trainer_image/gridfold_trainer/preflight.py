"""All that can be known to be wrong before a cell runs, collected so that it is told at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Average, CrossValidationMethod, SplitMethod, TrainingJobSpec
from gridfold.api.validation import show
from gridfold.domain.grid import PREPROCESSING, Grid, plain_value
from gridfold_trainer import cross_validation, estimators, scorers
from gridfold_trainer.errors import DataError
from gridfold_trainer.splits import Parts, make_parts
from gridfold_trainer.tables import did_you_mean
from gridfold_trainer.targets import Classes, Target

_SHOWN = 10
_TWO = 2
_POSITIVE_CHARACTERS = 256


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
    return list(problems)


def column_problems(spec: TrainingJobSpec, names: Sequence[str]) -> list[str]:
    """Return what the spec says of columns that the data does not have."""
    dataset = spec.dataset
    named = [("target", dataset.target)]
    named += [(f"excludeColumns[{index}]", name) for index, name in enumerate(dataset.exclude_columns)]
    named += [("columnTypes", name) for name in dataset.column_types]
    problems = [
        f"spec.dataset.{path} is {show(name)}, which is no column of the data; {did_you_mean(name, names)}"
        for path, name in named
        if name not in names
    ]
    if dataset.target in dataset.exclude_columns:
        problems.append(f"spec.dataset.excludeColumns names the target {dataset.target}; take it out of the list.")
    if problems and len(names) == 1:
        problems.append(
            f"the data has the one column {show(names[0])}; is spec.dataset.csv.delimiter, "
            f"{show(dataset.csv.delimiter)}, right?"
        )
    return problems


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
    code = estimators.find_class(label.strip() if spec.cleaning.trim_text else label, classes)
    if code is None:
        return None, [f"{path} is {show(label)}, but the classes are {' and '.join(map(show, classes))}."]
    return code, []


def resolve(spec: TrainingJobSpec, cls: type, classes: Classes | None, positive: int | None) -> Resolved:
    """Return what each Auto becomes."""
    split, folds, average = spec.split.method, spec.cross_validation.method, spec.scoring.average
    if split is SplitMethod.AUTO:
        split = SplitMethod.RANDOM if classes is None else SplitMethod.STRATIFIED
    if folds is CrossValidationMethod.AUTO:
        folds = CrossValidationMethod.K_FOLD if classes is None else CrossValidationMethod.STRATIFIED
    if average is Average.AUTO:
        average = Average.BINARY if classes is not None and len(classes) == _TWO else Average.MACRO
    open_state = estimators.takes_random_state(cls) and estimators.RANDOM_STATE not in spec.estimator.parameters
    everywhere = all(estimators.RANDOM_STATE in axes for axes in spec.search.grid)
    return Resolved(
        split=split.value,
        cross_validation=folds.value,
        average=None if classes is None else average.value,
        positive_class=None if classes is None or positive is None else str(classes[positive])[:_POSITIVE_CHARACTERS],
        random_state=spec.split.seed if open_state and not everywhere else None,
    )


def target_problems(spec: TrainingJobSpec, resolved: Resolved, target: Target) -> tuple[Parts | None, list[str]]:
    """Return the three parts (None where the rows cannot be divided so) and what forbids split, folds or metrics."""
    problems = scorers.check(spec.scoring, resolved, target.classes)
    if target.classes is not None and len(target.classes) < _TWO:
        return None, problems
    if target.classes is None and resolved.split == SplitMethod.STRATIFIED:
        return None, [*problems, "spec.split.method is Stratified, but the target is a number; use method: Random."]
    try:
        parts = make_parts(target.y, spec.split, resolved, target.classes)
    except DataError as error:
        return None, [*problems, *error.problems]
    y_train = target.y[parts.train]
    return parts, problems + cross_validation.check(y_train, spec.cross_validation, resolved, target.classes)


def find_infeasible(spec: TrainingJobSpec, cls: type, classes: Classes | None, random_state: int | None) -> Infeasible:
    """Return the cells whose parameters the estimator refuses.

    Raises:
        DataError: it refuses all of them, so there is nothing to search.
    """
    fixed = {name: plain_value(value) for name, value in spec.estimator.parameters.items()}
    if random_state is not None:
        fixed.setdefault(estimators.RANDOM_STATE, random_state)
    cells: set[int] = set()
    messages: dict[str, int] = {}
    grid = Grid.of(spec.search.grid)
    for cell, problem in _refusals(grid, cls, fixed, classes):
        cells.add(cell)
        messages[problem] = messages.get(problem, 0) + 1
    if len(cells) == len(grid):
        shown = [f"{problem} ({count} cells)" for problem, count in list(messages.items())[:_SHOWN]]
        raise DataError(*(f"{cls.__name__} refuses every cell of spec.search.grid: {text}" for text in shown))
    return Infeasible(frozenset(cells), messages)


def _refusals(grid: Grid, cls: type, fixed: dict[str, Any], classes: Classes | None) -> Iterator[tuple[int, str]]:
    """Yield refused cells with the estimator's words; cells that differ in preprocessing alone are asked about once."""
    known: dict[str, str | None] = {}
    for cell, chosen in enumerate(grid):
        parameters = {**fixed, **{n: value for n, value in chosen.items() if not n.startswith(PREPROCESSING)}}
        mark = repr(sorted(parameters.items()))
        if mark not in known:
            known[mark] = estimators.parameter_problem(cls, parameters, classes)
        problem = known[mark]
        if problem is not None:
            yield cell, problem
