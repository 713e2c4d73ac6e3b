"""Parts in which a class is absent: nothing can be learned, or nothing measured, there."""

from collections.abc import Iterator, Sequence

import numpy as np

from gridfold.api.status import Resolved
from gridfold.api.v1alpha1 import Split, SplitMethod
from gridfold.api.validation import show
from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.targets import Target
from gridfold_trainer.errors import DataError
from gridfold_trainer.learning.findings import Findings, capital, joined
from gridfold_trainer.learning.fold_classes import Folding, only_class, unmeasured_metrics
from gridfold_trainer.learning.splits import Parts, make_parts

#: Tried when another seed is looked for.
_SEEDS = 20


def training_problem(target: Target, parts: Parts, split: Split, resolved: Resolved, orders: Orders) -> str | None:
    """Return why the training part teaches nothing: all its rows are of one class, or have one number."""
    y = target.y[parts.train]
    if not bool((y == y[0]).all()):
        return None
    if target.classes is None:
        return f"the target is {y[0]:g} in every row of the training part, so that there is nothing to learn from it."
    label = show(target.classes[int(y[0])])
    where = f"the training part has {len(y)} rows that are all of the class {label}, so that there is nothing to learn"
    return f"{where}; {_advice(target, split, resolved, orders)}."


def check_part(folding: Folding, name: str, y_fit: np.ndarray, y_part: np.ndarray, targets: Sequence[str]) -> Findings:
    """Return what cannot be measured on the validation or test part; `targets` are compared with the former."""
    found = Findings()
    unmeasured = unmeasured_metrics(folding.scorer, y_fit, y_part)
    one = only_class(y_part, folding.classes)
    rows = f"{len(y_part)} row{'' if len(y_part) == 1 else 's'}"
    if not unmeasured and one is None:
        return found
    what = f"the {name} part has {rows}{f', all of the class {show(one)}' if one is not None else ''}"
    wanted = [metric for metric in unmeasured if metric in targets]
    if wanted:
        found.problems.append(
            f"spec.scoring.targets names {joined(wanted)}, which cannot be measured: {what}. Use a larger "
            f"spec.split.{name}, or another target."
        )
    without = f": {joined(list(unmeasured))} cannot be measured on it" if unmeasured else ""
    found.warnings.append(f"{capital(what)}{without}. Use a larger spec.split.{name}, or more rows.")
    return found


def _advice(target: Target, split: Split, resolved: Resolved, orders: Orders) -> str:
    for words, other, method in _alternatives(split, resolved):
        try:
            changed = resolved.model_copy(update={"split": method})
            parts = make_parts(target.y, other, changed, target.classes, orders)
        except DataError:
            continue
        if len(np.unique(target.y[parts.train])) > 1:
            return words
    if resolved.split == SplitMethod.TIME_ORDERED:
        return "the other classes come later: leave most of the first rows out of the data"
    return "use more rows of the other classes"


def _alternatives(split: Split, resolved: Resolved) -> Iterator[tuple[str, Split, str | None]]:
    if resolved.split == SplitMethod.RANDOM:
        yield "use spec.split.method: Stratified", split, SplitMethod.STRATIFIED.value
    if resolved.split != SplitMethod.TIME_ORDERED:
        for seed in range(_SEEDS):
            yield f"use spec.split.seed: {seed}", split.model_copy(update={"seed": seed}), resolved.split
