"""What a split must respect: the rows that belong together and those that came first."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Orders:
    """What the rows are grouped and ordered by, where the data says it; shape (n,) each."""

    groups: np.ndarray | None = None  #: codes; rows of one code never stand on two sides
    time: np.ndarray | None = None  #: numbers; later is larger
