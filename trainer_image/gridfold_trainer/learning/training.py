"""The training part: all that a cell ever sees of the data."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridfold_trainer.data.orders import Orders
from gridfold_trainer.data.prepared import Column, PreparedData


@dataclass(frozen=True)
class TrainingRows:
    """The rows of the training part and no others, in the order of the split.

    Whatever fits or scores a cell gets this and nothing else, so validation and test rows cannot reach it.
    """

    X: np.ndarray  #: (rows, columns), float64, Fortran order, categories as codes
    y: np.ndarray  #: (rows,), codes of classes, or numbers
    columns: tuple[Column, ...]
    classes: tuple[Any, ...] | None  #: labels in the order of their codes; None: y are numbers
    positive: int | None
    orders: Orders = field(default_factory=Orders)  #: of these rows

    @classmethod
    def of(cls, data: PreparedData, rows: np.ndarray) -> "TrainingRows":
        """Return those rows of a prepared data set."""
        X = np.asfortranarray(data.X[rows])
        return cls(X, data.y[rows], data.columns, data.classes, data.positive, data.orders.at(rows))
