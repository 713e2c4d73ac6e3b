"""Whether the grid can be ordered by spec.scoring.simplest. The API server does not know the grid's free values."""

from collections.abc import Iterator
from typing import Any

from gridfold.api.v1alpha1 import TrainingJobSpec

Found = tuple[str, Any, str]  #: path, value seen, what is expected


def simplest_problems(spec: TrainingJobSpec) -> Iterator[Found]:
    """Yield parameters that a grid does not vary, and values that are no numbers."""
    for number, item in enumerate(spec.scoring.simplest):
        path = f"spec.scoring.simplest[{number}].parameter"
        for index, axes in enumerate(spec.search.grid):
            if item.parameter not in axes:
                known = ", ".join(sorted(axes)) or "nothing"
                what = f"must be a parameter that every grid varies; spec.search.grid[{index}] varies {known}"
                yield path, item.parameter, what
                continue
            for position, value in enumerate(axes[item.parameter]):
                if not _is_orderly(value):
                    where = f"spec.search.grid[{index}].{item.parameter}[{position}]"
                    what = f"must be a number or null where spec.scoring.simplest[{number}] orders cells by it"
                    yield where, value, what


def _is_orderly(value: Any) -> bool:
    if isinstance(value, dict) and len(value) == 1:
        value = value.get("int", value.get("float", ""))
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
