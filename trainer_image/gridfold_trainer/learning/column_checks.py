"""What is wrong with all that a job says of columns to its estimator, told before any cell runs."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from gridfold.api.v1alpha1 import Encode, TrainingJobSpec
from gridfold.domain.grid import PREPROCESSING, plain_value
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.column_parameters import native_problem, value_problems
from gridfold_trainer.learning.native_categories import CATEGORICAL_FEATURES

_ENCODE = f"{PREPROCESSING}categorical.encode"
_PARAMETERS = "spec.estimator.parameters"


def column_problems(spec: TrainingJobSpec, cls: type, columns: Sequence[Column] | None = None) -> list[str]:
    """Return every problem once, in the order of the spec; `columns` of the data where they are known."""
    found = [*_of_values(spec, cls, columns), *_of_native(spec, cls)]
    return list(dict.fromkeys(found))


def _of_values(spec: TrainingJobSpec, cls: type, columns: Sequence[Column] | None) -> Iterator[str]:
    for name, value in spec.estimator.parameters.items():
        yield from value_problems(cls, f"{_PARAMETERS}.{name}", name, plain_value(value), columns)
    for index, axes in enumerate(spec.search.grid):
        for name, values in axes.items():
            for position, value in enumerate(values):
                place = f"spec.search.grid[{index}].{name}[{position}]"
                yield from value_problems(cls, place, name, plain_value(value), columns)


def _of_native(spec: TrainingJobSpec, cls: type) -> Iterator[str]:
    """Yield why categories cannot be encoded as Native, where a job asks for it."""
    chosen = spec.estimator.preprocessing.categorical.encode
    fixed: Any = spec.estimator.parameters.get(CATEGORICAL_FEATURES)
    for index, axes in enumerate(spec.search.grid):
        encodes, marks = axes.get(_ENCODE, [chosen]), axes.get(CATEGORICAL_FEATURES, [fixed])
        place = f"spec.search.grid[{index}].{_ENCODE}" if _ENCODE in axes else f"spec.estimator.{_ENCODE}"
        for encode, marked in product(encodes, marks):
            problem = native_problem(cls, place, marked) if encode == Encode.NATIVE else None
            if problem is not None:
                yield problem
