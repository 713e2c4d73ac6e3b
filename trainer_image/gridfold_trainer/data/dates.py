"""Columns of dates: each becomes several numeric columns, one for each part that is asked for."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from gridfold.api.v1alpha1 import ColumnType, Dataset, DatePart
from gridfold.domain.dates import moment, part_of, parts_of, without_zone
from gridfold_trainer.data.cleaning import Missing, as_text
from gridfold_trainer.data.columns import Examples, Numbers
from gridfold_trainer.data.telling import flow_map, quoted
from gridfold_trainer.data.typed import Rejected, Typed

#: Spellings of dates that are no ISO 8601, in the order in which they are guessed.
_DAYS = "%d.%m.%Y %d/%m/%Y %m/%d/%Y %d-%m-%Y %m-%d-%Y %Y/%m/%d %d.%m.%y %d/%m/%y %m/%d/%y"
_FORMS = tuple(f"{day}{time}" for day in _DAYS.split() for time in ("", " %H:%M", " %H:%M:%S"))
_LIKE_A_DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}([ T].*)?")
_LOOKED_AT = 1000


class DateColumn:
    """A column of dates in the making."""

    def __init__(self, name: str, dataset: Dataset, missing: Missing, numbers: Iterable[Numbers]) -> None:
        """Begin a column; `numbers` is where its parts are kept, in their order."""
        self._name, self._missing = name, missing
        self._form = (dataset.date_formats or {}).get(name)
        self.parts: dict[str, tuple[DatePart, Numbers]] = {
            derived: (part, kept)
            for (derived, part), kept in zip(parts_of(dataset, name).items(), numbers, strict=True)
        }
        self._wrong, self._texts = Examples(), set[str]()
        self._zoned: set[bool] = set()

    def append(self, column: Any, rows: np.ndarray) -> None:
        """Take the next piece, as `ColumnBuilder.append` does."""
        texts = as_text(self._missing.mark(column))
        found = {text: moment(text, self._form) for text in texts.drop_nulls().unique()}
        known = {text: date for text, date in found.items() if date is not None}
        self._zoned |= {date.tzinfo is not None for date in known.values()}
        if len(known) < len(found):
            self._texts |= {text for text in found if text not in known and len(self._texts) < _LOOKED_AT}
            self._wrong.add(texts, np.array([text is not None and text not in known for text in texts]), rows)
        for part, numbers in self.parts.values():
            by_text = {text: part_of(without_zone(date), part) for text, date in known.items()}
            numbers.append(np.array([by_text.get(text, np.nan) for text in texts], dtype=np.float64))

    def problem(self) -> str:
        """Return why this is no column of dates: the end of a sentence that begins with its name; "" if it is one."""
        if self._wrong.count:
            written = f"as dateFormats writes them ({self._form})" if self._form else "in ISO 8601 (2024-05-31)"
            advice = format_advice(self._name, sorted(self._texts)) if self._form is None else ""
            return (
                f"is declared Date in columnTypes, but {self._wrong} no date {written}; "
                f"{advice or 'correct the data, or say in dateFormats how they are written'}."
            )
        if len(self._zoned) > 1:
            return "has dates with a time zone and dates without one; write all of them in one way."
        return ""


class DatePartBuilder:
    """One part of a column of dates, where others have a `ColumnBuilder`."""

    incomplete = False

    def __init__(self, dates: DateColumn, derived: str, name: str) -> None:
        self._dates, self._derived, self._name = dates, derived, name

    def append(self, column: Any, rows: np.ndarray) -> None:
        """Take nothing: the column of dates is what takes the pieces, once for all parts."""

    def finish(self, keep: np.ndarray | None = None) -> Typed | Rejected:
        """Return the part as numbers, or why the column has none."""
        _, numbers = self._dates.parts[self._derived]
        values = numbers.all()
        numbers.clear()
        values = values if keep is None else values[keep]
        if problem := self._dates.problem():
            return Rejected(problem, int(np.isnan(values).sum()), self._name)
        return Typed(ColumnType.NUMERIC, values)


def guessed_forms(texts: Iterable[str]) -> list[str]:
    """Return the forms in which all texts are dates that are not written by ISO 8601; [] where they are none."""
    some = list(texts)[:_LOOKED_AT]
    if not some or not all(map(_LIKE_A_DATE.fullmatch, some)):
        return []
    return [form for form in _FORMS if all(moment(text, form) for text in some)]


def format_advice(name: str, texts: Iterable[str]) -> str:
    """Return the words to write for dates in another spelling than ISO 8601; "" where they are none."""
    forms = guessed_forms(texts)
    if not forms:
        return ""
    others = f" (or {', '.join(map(quoted, forms[1:]))}: these dates do not tell which)" if forms[1:] else ""
    return f"set dataset.dateFormats: {flow_map({name: quoted(forms[0])})}{others}"


class DateWarnings:
    """Columns of dates that are not declared as such, and so are taken as categories."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._plain: dict[str, str] = {}
        self._formats: dict[str, list[str]] = {}

    def look_at(self, name: str, categories: tuple[str, ...]) -> None:
        """Take the next categorical column."""
        if name in self._dataset.column_types or not all(map(_LIKE_A_DATE.fullmatch, categories[:_LOOKED_AT])):
            return
        if categories and all(moment(text) for text in categories[:_LOOKED_AT]):
            self._plain[name] = "Date"
        elif forms := guessed_forms(categories):
            self._formats[name] = forms

    def words(self) -> list[str]:
        """Return what to write."""
        if not (self._plain or self._formats):
            return []
        types = flow_map({**self._plain, **dict.fromkeys(self._formats, "Date")})
        advice = f"Set dataset.columnTypes: {types}"
        if self._formats:
            forms = flow_map({name: quoted(found[0]) for name, found in self._formats.items()})
            unsure = next((found for found in self._formats.values() if found[1:]), [])
            advice += f" and dataset.dateFormats: {forms}"
            advice += f" (or {quoted(unsure[1])}: the dates do not tell which)" if unsure else ""
        return [
            f"{advice} for year, month, weekday and days as numbers, or name the column in timeColumn or "
            f"excludeColumns: dates are taken as categories in {', '.join([*self._plain, *self._formats][:5])}."
        ]
