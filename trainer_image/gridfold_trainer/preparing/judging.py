"""Everything that would go wrong later, found before any cell runs."""

from dataclasses import dataclass

import numpy as np

from gridfold.api.handoff import StageInput
from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import CrossValidationMethod, SplitMethod, TrainingJobSpec
from gridfold_trainer.data.assemble import Assembled
from gridfold_trainer.data.telling import listed, shown
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning import before_fit, predefined_folds, row_parts
from gridfold_trainer.learning.column_checks import column_problems
from gridfold_trainer.learning.findings import Findings
from gridfold_trainer.learning.splits import Parts, part_warnings
from gridfold_trainer.outcome.ownership import OutputInUseError, check_owner, write_problems
from gridfold_trainer.preflight import Infeasible, find_infeasible, memory_problems, scratch_problems, spec_problems
from gridfold_trainer.preparing.target_judge import JudgedTarget
from gridfold_trainer.storage.context import Context


@dataclass(frozen=True)
class Judged:
    """What was made of the spec and the data."""

    resolved: Resolved
    positive: int | None
    parts: Parts
    infeasible: Infeasible
    warnings: list[str]


def early_problems(job: StageInput, cls: type, context: Context) -> DataError:
    """Return what is wrong whatever the data is, as the error to raise; without problems, nothing is."""
    problems = [*spec_problems(job.spec, cls), *write_problems(job, context)]
    try:
        check_owner(job, context)
    except OutputInUseError as error:
        return DataError(*error.problems, *problems) if problems else error
    return DataError(*problems)


def judge(spec: TrainingJobSpec, cls: type, data: Assembled, target: JudgedTarget, early: DataError) -> Judged:
    """Return what a run needs to know of its data.

    Raises:
        DataError: with every problem: the early ones, too.
    """
    named = column_problems(spec, cls, data.columns)
    early = DataError(*early.problems, *named) if named else early
    found = _look(spec, cls, data, target)
    if target.parts is None or early.problems or found.problems:
        more = [*found.problems, *_lost_targets(spec, data)]
        raise DataError(*early.problems, *more) if more else early
    infeasible = find_infeasible(spec, cls, data, target.resolved.random_state)
    return Judged(target.resolved, target.positive, target.parts, infeasible, found.warnings)


def _look(spec: TrainingJobSpec, cls: type, data: Assembled, target: JudgedTarget) -> Findings:
    """Return what parts, folds and columns say, as far as the target lets them."""
    parts, resolved = target.parts, target.resolved
    if parts is None:
        return Findings(target.problems)
    sizes = memory_problems(spec, data.columns, len(parts.train))
    sizes += scratch_problems(spec, len(data.columns), len(data.target.y))
    if target.problems:
        return Findings([*target.problems, *sizes])
    rows = before_fit.Rows(data.columns, _matrix(data), data.target, data.orders, parts)
    found = before_fit.look(spec, cls, resolved, target.positive, rows)
    found.problems = [*sizes, *found.problems]
    y_train, orders = data.target.y[parts.train], data.orders.at(parts.train)
    found.warnings += row_parts.warnings(spec, resolved, y_train, data.target.classes, orders)
    if resolved.split == SplitMethod.GROUPED:
        found.warnings += part_warnings(parts, spec.split)
    if data.folds is not None and resolved.cross_validation == CrossValidationMethod.PREDEFINED:
        found.warnings += predefined_folds.lost(data.folds, parts.train)
    return found


def _matrix(data: Assembled) -> np.ndarray:
    """Return X, (n, p), mapped: of a new data set from the scratch folder, else as it is stored."""
    if data.stored is not None:
        return data.stored
    if data.matrix is None:
        raise AssertionError("data is in a file or stored")
    found: np.ndarray = np.load(data.matrix, mmap_mode="r", allow_pickle=False)
    return found


def _lost_targets(spec: TrainingJobSpec, data: Assembled) -> list[str]:
    """Return what to look at where a class may be gone because its label was taken for a missing value."""
    lost, classes = data.dropped_rows.get("missingTarget", 0), data.target.classes
    if lost == 0 or classes is None or len(classes) > 1:
        return []
    own = spec.dataset.column_missing_values.get(spec.dataset.target, [])
    why = "is empty"
    if own:
        why += f" or one of its spec.dataset.columnMissingValues ({listed(list(map(shown, own)), 100)})"
    if spec.dataset.csv.missing_values:
        marks = listed(list(map(shown, spec.dataset.csv.missing_values)), 100)
        why += f" or one of spec.dataset.csv.missingValues ({marks}), which hold for every column"
    return [f"{lost} rows were dropped before, because their target {why}."]
