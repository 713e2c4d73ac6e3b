"""Texts as categories: codes in the order of the texts, found piece by piece."""

from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.cleaning import Missing
from gridfold_trainer.data.prepared import CATEGORY_CHARACTERS
from gridfold_trainer.data.typed import Rejected, Typed

#: Spellings that are kept with their codes.
_FEW = 1000


class Categories:
    """A column of texts in the making: codes in order of appearance, -1 for a missing one."""

    def __init__(self, limit: int) -> None:
        """Begin a column; one of more than `limit` different texts is rejected in the end."""
        self._limit = limit
        self._codes: list[np.ndarray] = []
        self._known: dict[str, int] = {}
        self._longest = 0
        self._spelled: dict[str, int] = {}  #: codes by spelling, while there are few
        self._enum: Any = None  #: polars Enum of these spellings; None: there are none yet, or too many
        self._code_of = np.empty(0, dtype=np.int32)  #: by position in the Enum

    def append_missing(self, rows: int) -> None:
        """Take rows without a value."""
        self._codes.append(np.full(rows, -1, dtype=np.int32))

    def append(self, column: Any, missing: Missing) -> None:
        """Take the next piece as it was read: spellings are trimmed and marked once each, not in every row."""
        import polars as pl

        if self._enum is not None:
            positions = column.cast(self._enum, strict=False)
            if not positions.null_count():
                self._codes.append(self._code_of[positions.to_physical().to_numpy()])
                return
        spellings = column.unique()
        texts = missing.mark(spellings)
        self._longest = max(self._longest, int(texts.str.len_chars().max() or 0))
        if not self._rejected:
            for text in texts:
                if text is not None:
                    self._known.setdefault(text, len(self._known))
        known = dict.fromkeys(texts, 0) if self._rejected else self._known  # of a rejected one only gaps count
        codes = pl.Series([-1 if text is None else known[text] for text in texts], dtype=pl.Int32)
        found = column.replace_strict(spellings, codes, return_dtype=pl.Int32)
        self._codes.append(np.array(found.to_numpy(), dtype=np.int32))
        self._remember(spellings, codes)

    def _remember(self, spellings: Any, codes: Any) -> None:
        """Keep the codes of these spellings, where there are few: a second look at them costs a third."""
        import polars as pl

        self._enum = None
        if len(self._spelled) <= _FEW:
            self._spelled.update((text, code) for text, code in zip(spellings, codes, strict=True) if text is not None)
        if 0 < len(self._spelled) <= _FEW:
            self._enum = pl.Enum(list(self._spelled))
            self._code_of = np.array(list(self._spelled.values()), dtype=np.int32)

    @property
    def _rejected(self) -> bool:
        return len(self._known) > self._limit or self._longest > CATEGORY_CHARACTERS

    def finish(self, keep: np.ndarray | None) -> Typed | Rejected:
        """Return codes in code-point order of the texts."""
        codes = np.concatenate(self._codes) if self._codes else np.empty(0, dtype=np.int32)
        self._codes.clear()
        codes = codes if keep is None else codes[keep]
        if self._rejected:
            many = len(self._known) > self._limit
            found = f"more than {self._limit} different texts" if many else f"a text of {self._longest} characters"
            return Rejected(
                f"has {found}; at most {self._limit} of {CATEGORY_CHARACTERS} characters can be categories. Exclude "
                f"the column.",
                int((codes < 0).sum()),
            )
        categories = sorted(self._known)
        by_appearance = np.full(len(categories) + 1, np.nan)  # the last one stands for -1
        by_appearance[[self._known[text] for text in categories]] = np.arange(len(categories))
        return Typed(ColumnType.CATEGORICAL, by_appearance[codes], tuple(categories))
