"""Columns that look like success: row numbers, identifiers, and those that say the target by themselves.

What looks at values against the target sees the training part only.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gridfold.api.v1alpha1 import ColumnType
from gridfold.api.validation import show
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.learning.findings import joined

#: Fewer rows are no evidence.
_ROWS = 20
#: Of all values of a text column that must differ.
_DISTINCT = 0.95
_ID_NAME = re.compile(r"(?i:^index$|^unnamed|(^|[^a-z])(id|uuid|guid|key|idx|nr)([^a-z]|$))|[a-z](Id|ID)$")
#: A number in some spelling, with a sign or unit on either side, or a date: not the name of anything.
_NUMBER_LIKE = re.compile(
    r"\W*([A-Za-z]{1,3}\W)?\d[\d\s.,:/+-]*([eE][+-]?\d+)?([T ][\d:.]+Z?)?\W*[^\W\d]{0,3}\W*|[+-]?(inf|nan)"
)
_LOOKED_AT = 200
#: A column that is pure on these rows by chance alone happens less often than this, over all columns together.
_CHANCE = 1e-6
#: Looked at first: what is not pure there is not pure.
_SAMPLE = 5000
#: A target of no more different numbers is looked at like classes.
_FEW_NUMBERS = 20
_CORRELATED = 0.9999
_NAMED = 5


@dataclass
class Suspicions:
    """Names of columns, by what is odd about them."""

    numbered: list[str] = field(default_factory=list)  #: row numbers and identifiers
    distinct: list[str] = field(default_factory=list)  #: texts that hardly occur twice
    telling: list[str] = field(default_factory=list)  #: each value stands for one class

    def warnings(self, target: str) -> list[str]:
        """Return what to do about them."""
        found = []
        for names, what, why in (
            (self.numbered, "a row number or an identifier", "it tells rows apart, not what is in them"),
            (
                self.distinct,
                "a name or an identifier: hardly any text occurs twice",
                "a model can only learn it by heart",
            ),
            (self.telling, f"a copy of the target {target}: by itself, it predicts every training row", _LEAK),
        ):
            if names:
                one = len(names) == 1
                verb = "is" if one else "are"
                excluded = ", ".join(show(name) for name in names[:_NAMED])
                more = len(names) - _NAMED
                shown = [*names[:_NAMED], f"{more} more"] if more > 0 else names
                looks = f"{joined(shown)} {'looks' if one else 'look'} like {what}; {why}"
                found.append(
                    f"Exclude {'it' if one else 'them'}, unless {'it' if one else 'they'} {verb} meant: "
                    f"dataset.excludeColumns: [{excluded}]. The column{'' if one else 's'} {looks}."
                )
        return found


_LEAK = "it may not be known when the model is used"


class Looker:
    """Looks at the columns of a data set one by one."""

    def __init__(
        self,
        y_train: np.ndarray,
        classes: Sequence[object] | None,
        columns: int,
        told_above: int = 2**31,  #: categories of a column that another warning tells already
    ) -> None:
        self.found = Suspicions()
        self._y, self._told_above = y_train, told_above
        self._codes = self._coded(y_train, classes)
        self._log_chance = math.log(max(1, columns) / _CHANCE)

    def look(self, column: Column, values: np.ndarray, train: np.ndarray) -> None:
        """Look at a column: its values in all rows, in their order, and the rows of the training part."""
        if len(values) < _ROWS:
            return
        if column.type is ColumnType.NUMERIC and is_numbered(column.name, values):
            self.found.numbered.append(column.name)
        elif column.type is ColumnType.CATEGORICAL and is_name(column.categories, len(values)):
            self.found.distinct += [column.name] if len(column.categories) <= self._told_above else []
        elif len(train) >= _ROWS and self._tells(column, values[train]):
            self.found.telling.append(column.name)

    @staticmethod
    def _coded(y: np.ndarray, classes: Sequence[object] | None) -> np.ndarray | None:
        """Return the target as codes, None where it has too many different numbers."""
        if classes is not None:
            return y
        numbers, codes = np.unique(y[:_SAMPLE], return_inverse=True)
        if len(numbers) > _FEW_NUMBERS:
            return None
        numbers, codes = np.unique(y, return_inverse=True)
        return codes.reshape(-1) if len(numbers) <= _FEW_NUMBERS else None

    def _tells(self, column: Column, values: np.ndarray) -> bool:
        if self._codes is None:
            return column.type is ColumnType.NUMERIC and is_affine(values, self._y)
        ordered = column.type is ColumnType.NUMERIC
        sample = slice(None, None, max(1, len(values) // _SAMPLE))
        return all(
            is_pure(values[rows], self._codes[rows], ordered=ordered, log_chance=self._log_chance)
            for rows in (sample, slice(None))
        )


def is_numbered(name: str, values: np.ndarray) -> bool:
    """Tell whether numbers count the rows, or are different whole numbers under the name of an identifier."""
    head = values[:_ROWS]
    if not (np.isfinite(head).all() and (head == np.floor(head)).all() and len(np.unique(head)) == len(head)):
        return False
    if bool((np.diff(values) == 1).all()):
        return True
    if not np.isfinite(values).all() or not (values == np.floor(values)).all():
        return False
    different = len(np.unique(values)) == len(values)
    consecutive = values.max() - values.min() + 1 == len(values)
    return different and (bool(consecutive) or _ID_NAME.search(name) is not None)


def is_name(categories: Sequence[str], rows: int) -> bool:
    """Tell whether hardly a text occurs twice, and they are no numbers or dates that were taken for texts."""
    if len(categories) <= _DISTINCT * rows:
        return False
    looked_at = categories[:: max(1, len(categories) // _LOOKED_AT)]
    like_numbers = sum(_NUMBER_LIKE.fullmatch(text) is not None for text in looked_at)
    return 2 * like_numbers < len(looked_at)


def is_pure(values: np.ndarray, codes: np.ndarray, *, ordered: bool, log_chance: float) -> bool:
    """Tell whether each value (or, of ordered ones, each of as many ranges as there are classes) has one class.

    By chance alone, each of d values has one class in at most k^d of the n!/(n_1!…n_k!) arrangements of the classes;
    where that is likely enough, such as for values that hardly occur twice, it is no evidence.
    """
    sizes = np.bincount(codes)
    sizes = sizes[sizes > 0]
    if len(sizes) < 2:
        return False
    arrangements = math.lgamma(len(codes) + 1) - sum(math.lgamma(size + 1) for size in sizes)
    order = np.argsort(values, kind="stable")  # missing values come last: a value like others
    sorted_values, sorted_codes = values[order], codes[order]
    with np.errstate(invalid="ignore"):
        same = (np.diff(sorted_values) == 0) | (np.isnan(sorted_values[1:]) & np.isnan(sorted_values[:-1]))
    changes = np.diff(sorted_codes) != 0
    if bool((same & changes).any()):
        return False
    groups = 1 + int(np.count_nonzero(~same))
    if arrangements - groups * math.log(len(sizes)) > log_chance:
        return True
    ranges = 1 + int(np.count_nonzero(changes))
    return ordered and ranges == len(sizes) and arrangements - math.lgamma(len(sizes) + 1) > log_chance


def is_affine(values: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether a column is the target times a number, plus a number."""
    known = np.isfinite(values)
    x, y = values[known], y[known]
    if len(x) < max(_ROWS, len(values) // 2):
        return False
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return scale > 0 and math.isfinite(scale) and abs(float(x @ y)) > _CORRELATED * scale
