"""What becomes of a column: its values as numbers, or why it has none."""

from dataclasses import dataclass

import numpy as np

from gridfold.api.v1alpha1 import ColumnType


@dataclass(frozen=True)
class Typed:
    """A column with its type."""

    type: ColumnType
    values: np.ndarray  #: (n,) float64: numbers, or codes of categories; missing is NaN
    categories: tuple[str, ...] = ()  #: by code point; the code of a category is its position


@dataclass(frozen=True)
class Rejected:
    """Why a column cannot be typed: the end of a sentence that begins with its name."""

    problem: str
    missing: int = 0  #: rows without a value
    column: str = ""  #: of the data, where several are made of it
