"""Dates as numbers: the same steps for prepare, the exported script and the model card's program."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from gridfold.api.v1alpha1 import ColumnType, Dataset, DatePart

EPOCH, DAY = datetime(1970, 1, 1), timedelta(days=1)  # noqa: DTZ001 (both sides of the difference are without zone)
#: What a part is called behind the name of its column: as pandas calls it.
SUFFIXES: Mapping[DatePart, str] = {part: part.value.lower() for part in DatePart} | {
    DatePart.DAY_OF_YEAR: "day_of_year",
    DatePart.DAYS_SINCE_EPOCH: "days",
}
_DEFAULT_PARTS = [DatePart.YEAR, DatePart.MONTH, DatePart.WEEKDAY, DatePart.DAYS_SINCE_EPOCH]
#: What export and model card hold: `moment` and `part_of` without this package, and what applies them to a table.
IMPORTS = ("from datetime import datetime", "from datetime import timedelta", "from datetime import UTC")
SOURCE = '''def moment(text, form=None):
    """Return a date as Python's, in UTC where it names a zone; in ISO 8601, or a form."""
    found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def part_of(date, part):
    """Return a part of a date as a number; days are since 1970, with a fraction."""
    parts = {
        "quarter": (date.month + 2) // 3,
        "day_of_year": date.timetuple().tm_yday,
        "weekday": date.weekday(),
        "days": (date - datetime(1970, 1, 1)) / timedelta(days=1),
    }
    return float(parts[part] if part in parts else getattr(date, part))


def with_parts(frame):
    """Return a table with the parts of dates in place of the dates."""
    columns = {}
    for name, column in frame.items():
        if name not in DATES:
            columns[name] = column
            continue
        parts, form = DATES[name]
        dates = [moment(t, form) if isinstance(t, str) else None for t in column]
        for part in parts:
            numbers = [part_of(date, part) if date else float("nan") for date in dates]
            columns[f"{name}.{part}"] = pd.Series(numbers, column.index)
    return pd.DataFrame(columns)'''


def moment(text: str, form: str | None = None) -> datetime | None:
    """Return a date, with its time zone if it names one; None where the text is none.

    Args:
        text: of the data.
        form: how the date is written, in the words of strptime; None: ISO 8601.
    """
    try:
        return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        return None


def without_zone(found: datetime) -> datetime:
    """Return a date in UTC where it names a zone, and as it is where it names none."""
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def part_of(date: datetime, part: DatePart) -> float:
    """Return a part of a date without zone; days are since 1970, with a fraction for the time of day."""
    if part is DatePart.QUARTER:
        return float((date.month + 2) // 3)
    if part is DatePart.DAY_OF_YEAR:
        return float(date.timetuple().tm_yday)
    if part is DatePart.WEEKDAY:
        return float(date.weekday())
    if part is DatePart.DAYS_SINCE_EPOCH:
        return (date - EPOCH) / DAY
    return float(getattr(date, SUFFIXES[part]))


def parts_of(dataset: Dataset, column: str) -> dict[str, DatePart]:
    """Return the columns that a column of dates becomes, in order; none where it is not declared as one."""
    if dataset.column_types.get(column) is not ColumnType.DATE:
        return {}
    parts = (dataset.date_parts or {}).get(column, _DEFAULT_PARTS)
    return {f"{column}.{SUFFIXES[part]}": part for part in parts}


def date_features(dataset: Dataset) -> dict[str, dict[str, DatePart]]:
    """Return what each column of dates becomes that the model sees."""
    orders = (dataset.group_column, dataset.time_column, dataset.fold_column)
    own = {dataset.target, *orders, *dataset.exclude_columns}
    return {name: found for name in dataset.column_types if name not in own and (found := parts_of(dataset, name))}
