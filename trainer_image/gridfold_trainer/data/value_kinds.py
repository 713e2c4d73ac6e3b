"""What JSON and Parquet say of values beyond their texts: which are booleans, and which numbers are numbers already."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, Dataset
from gridfold.domain.number_formats import BOOLEANS, Spelling, writes_commas
from gridfold_trainer.data.telling import flow_list, flow_map, shown
from gridfold_trainer.data.typed import Rejected, Typed

_MARKERS = 5


class Number(str):
    """A number of JSON, as it is spelled: "1.5" within quotes is a text, which may be spelled otherwise."""

    __slots__ = ()


@dataclass
class ValueKinds:
    """Notes that readers take for those who type the columns."""

    dataset: Dataset
    booleans: dict[str, str] = field(default_factory=dict)  #: columns with true or false: where the first one is
    repeated_headers: dict[str, int] = field(default_factory=dict)  #: by source: lines that were left out
    _decimals: dict[str, str] = field(default_factory=dict)

    @cached_property
    def excluded(self) -> frozenset[str]:
        """Return the columns that nobody wants."""
        return frozenset(self.dataset.exclude_columns)

    @property
    def keeps_numbers(self) -> bool:
        """Tell whether any texts spell numbers otherwise than JSON."""
        return writes_commas(self.dataset)

    def decimal(self, column: str) -> str:
        """Return the decimal mark of a column's texts, in which a number of JSON or Parquet has to be told, too."""
        if column not in self._decimals:
            self._decimals[column] = Spelling.of(self.dataset, column).decimal
        return self._decimals[column]

    def note_boolean(self, column: str, where: str) -> None:
        """Note that a value is true or false."""
        self.booleans.setdefault(column, where)

    def judged(self, column: str, typed: Typed | Rejected) -> Typed | Rejected:
        """Return a column, or why it is none: booleans and texts of an open type are not one kind of thing."""
        if isinstance(typed, Rejected) or typed.type is not ColumnType.CATEGORICAL or column not in self.booleans:
            return typed
        if column in self.dataset.column_types:
            return typed
        texts = [text for text in typed.categories if text not in {"0", "1"}]
        others = [text for text in texts if text.lower() not in BOOLEANS]
        missing = int(np.isnan(typed.values).sum())
        return Rejected(
            f"needs its type: {_advice(column, texts, others)}: it has true or false ({self.booleans[column]}) beside "
            f"texts such as {shown(texts[0] if texts else typed.categories[0])}.",
            missing,
        )

    def warning(self, column: str, typed: Typed) -> str:
        """Return what to say where booleans stand beside other numbers, "" where they do not."""
        if column not in self.booleans or typed.type is not ColumnType.NUMERIC or column in self.dataset.column_types:
            return ""
        others = typed.values[~np.isnan(typed.values) & (typed.values != 0) & (typed.values != 1)]
        if not len(others):
            return ""
        return (
            f"Declare {column} Numeric in dataset.columnTypes if true is 1 and false is 0 there: it has true or false "
            f"({self.booleans[column]}) beside {others[0]:g}."
        )


def _advice(column: str, texts: list[str], others: list[str]) -> str:
    if len(others) > _MARKERS or len(others) == len(texts):
        return "declare it Categorical in dataset.columnTypes (true is then the text 1, false 0), or correct the data"
    markers = f" and dataset.columnMissingValues: {flow_map({column: flow_list(others)})}" if others else ""
    return f"write dataset.columnTypes: {flow_map({column: 'Boolean'})}{markers}"
