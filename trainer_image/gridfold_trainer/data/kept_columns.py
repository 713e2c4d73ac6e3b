"""The columns of X in the making: which stay, in what order, and what there is to say of them."""

import logging

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, TrainingJobSpec
from gridfold_trainer.data.dates import DateWarnings
from gridfold_trainer.data.matrix_file import MatrixFile
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.data.spelling_warnings import SpellingWarnings
from gridfold_trainer.data.targets import Target
from gridfold_trainer.data.telling import told
from gridfold_trainer.data.typed import Rejected, Typed
from gridfold_trainer.data.value_kinds import ValueKinds

log = logging.getLogger("gridfold")

#: More categories than this are told: one-hot encoding makes a column of each.
_MANY_CATEGORIES = 1000


class KeptColumns:
    """The columns of X: those that stay are kept in the file, one by one."""

    def __init__(
        self, spec: TrainingJobSpec, file: MatrixFile, rows: int, spellings: SpellingWarnings, kinds: ValueKinds
    ) -> None:
        """Begin, with the rows that stay."""
        self._kinds, self._mixed = kinds, list[str]()
        self._spec, self._rows, self._dates = spec, rows, DateWarnings(spec.dataset)
        self._file, self._spellings = file, spellings
        self._problems: list[str] = []
        self._empty: list[str] = []
        self._dropped: dict[str, list[str]] = {}
        if spec.cleaning.drop_columns_missing_above is not None:
            self._dropped["missing"] = []
        if spec.cleaning.drop_constant_columns:
            self._dropped["constant"] = []
        self.columns: list[Column] = []

    def add(self, name: str, typed: Typed | Rejected) -> None:
        """Take the next column in source order: keep it, drop it, or note why it cannot be."""
        limit = self._spec.cleaning.drop_columns_missing_above
        missing = typed.missing if isinstance(typed, Rejected) else int(np.count_nonzero(np.isnan(typed.values)))
        if limit is not None and 100 * missing > limit * self._rows:
            self._dropped["missing"].append(name)
        elif isinstance(typed, Rejected):
            problem = f"the column {typed.column or name} {typed.problem}"
            self._problems += [problem] if problem not in self._problems[-1:] else []
        elif self._spec.cleaning.drop_constant_columns and _is_constant(typed, missing):
            self._dropped["constant"].append(name)
        else:
            self._file.keep(typed.values)
            self._empty += [name] if missing == self._rows else []
            self.columns.append(Column(name, typed.type, typed.categories))
            self._mixed += filter(None, [self._kinds.warning(name, typed)])
            self._spellings.look_at(self.columns[-1], gaps=missing > 0)
            if typed.categories:
                self._dates.look_at(name, typed.categories)

    def close(self, excluded: list[str]) -> list[str]:
        """Complete the file and return what is wrong."""
        self._file.complete()
        if not self.columns and not self._problems:
            target = self._spec.dataset.target
            dropped = {"excluded": excluded, **self._dropped}
            causes = ", ".join(f"{cause} {len(names)}" for cause, names in dropped.items() if names)
            self._problems.append(
                f"no column is left beside the target {target} (dropped: {causes or 'the data has no other'}); a "
                f"model needs at least one."
            )
        return self._problems

    def told(self, excluded: list[str]) -> dict[str, int]:
        """Return how many columns were dropped, by cause; their names go to the log."""
        dropped = {"excluded": excluded, **self._dropped}
        for cause, names in dropped.items():
            if names:
                log.info("dropped %d columns (%s): %s", len(names), cause, ", ".join(names))
        return {cause: len(names) for cause, names in dropped.items()}

    def warnings(self, target: Target) -> list[str]:
        """Return what is allowed but seldom meant: what to do first, then where."""
        found = []
        if self._empty:
            advice = "Exclude these columns, or set cleaning.dropConstantColumns: true:"
            found.append(told(advice, "they tell a model nothing, having no value in any row:", self._empty))
        wide = [f"{c.name} ({len(c.categories)})" for c in self.columns if len(c.categories) > _MANY_CATEGORIES]
        if wide:
            advice = "Exclude what only names the row, in dataset.excludeColumns:"
            what = f"one-hot encoding makes a column of each of more than {_MANY_CATEGORIES} categories in"
            found.append(told(advice, what, wide))
        return found + self._dates.words() + self._mixed + self._spellings.words(lambda: self._has_fractions(target))

    def _has_fractions(self, target: Target) -> bool:
        """Tell whether any number has a fraction, so that the data writes a decimal point somewhere."""
        if target.classes is None and _has_fraction(target.y):
            return True
        X = np.load(self._file.path, mmap_mode="r")
        numeric = (number for number, column in enumerate(self.columns) if column.type is ColumnType.NUMERIC)
        return any(_has_fraction(X[:, number]) for number in numeric)


def _has_fraction(values: np.ndarray) -> bool:
    present = values[~np.isnan(values)]
    return bool((present != np.floor(present)).any())


def _is_constant(typed: Typed, missing: int) -> bool:
    """Tell whether all values are one number ("1" and "1.0" are), or all are missing."""
    return missing == len(typed.values) or (missing == 0 and bool((typed.values == typed.values[0]).all()))
