"""What parts and folds must respect: the rows that belong together, those that came first, folds of the user's own."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Orders:
    """What the rows are grouped and ordered by, where the data says it; shape (n,) each."""

    groups: np.ndarray | None = None  #: codes; rows of one code never stand on two sides
    time: np.ndarray | None = None  #: numbers; later is larger
    folds: np.ndarray | None = None  #: codes of the folds, -1: in none

    def at(self, rows: np.ndarray) -> "Orders":
        """Return what holds for some of the rows, in their order."""
        found = (None if values is None else values[rows] for values in (self.groups, self.time, self.folds))
        return Orders(*found)
