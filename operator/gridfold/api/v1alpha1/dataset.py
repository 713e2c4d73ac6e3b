"""spec.dataset: the data, and what its columns mean."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.csv_form import Csv
from gridfold.api.v1alpha1.fields import DATE_FORMAT_PATTERN, ColumnName, ShortText
from gridfold.api.v1alpha1.number_format import NumberFormat
from gridfold.api.v1alpha1.source import Source


class DataFormat(StrEnum):
    """The format of the sources."""

    CSV = "CSV"
    PARQUET = "Parquet"
    JSON_LINES = "JSONLines"


class ColumnType(StrEnum):
    """The type of a column."""

    NUMERIC = "Numeric"
    CATEGORICAL = "Categorical"
    BOOLEAN = "Boolean"
    DATE = "Date"


class DatePart(StrEnum):
    """A number that is made of a date."""

    YEAR = "Year"
    QUARTER = "Quarter"
    MONTH = "Month"
    DAY = "Day"
    DAY_OF_YEAR = "DayOfYear"
    WEEKDAY = "Weekday"
    HOUR = "Hour"
    DAYS_SINCE_EPOCH = "DaysSinceEpoch"


_DateParts = Annotated[list[DatePart], Field(min_length=1, max_length=len(DatePart))]
_DateFormat = Annotated[str, Field(min_length=2, max_length=64, pattern=DATE_FORMAT_PATTERN)]


class Dataset(ApiModel):
    """The data: where it is and what its columns mean."""

    sources: Annotated[list[Source], Field(min_length=1, max_length=100)] = Field(
        description="The objects that hold the rows, concatenated in this order. All must have the same columns, in "
        "any order where they are named."
    )
    format: DataFormat | None = Field(
        None,
        description="Format of the sources. Default: what the suffix says (.csv, .parquet, .jsonl, .ndjson, .json; and "
        ".gz or .zst after it for compressed text), CSV where it says nothing. JSONLines is one object a line, or one "
        "list of objects; a name that an object does not have is a missing value.",
    )
    csv: Csv = Field(default_factory=Csv, description="How CSV files are read.")
    target: ColumnName = Field(description="Name of the column to predict.")
    positive_class: ShortText | None = Field(
        None,
        description="The class of a two-class target that precision, recall and F1 are about, as the data writes it. "
        "Default: the one that sorts last.",
    )
    exclude_columns: Annotated[list[ColumnName], Field(max_length=100_000)] = Field(
        default_factory=list, description="Columns that the model must not see."
    )
    group_column: ColumnName | None = Field(
        None,
        description="Column that says which rows belong together, such as a patient or a household. Grouped methods "
        "never put rows of one group on two sides. The estimator does not see it.",
    )
    time_column: ColumnName | None = Field(
        None,
        description="Column that orders the rows for method TimeOrdered: numbers, or dates in ISO 8601 (or "
        "as dateFormats says). The estimator does not see it.",
    )
    fold_column: ColumnName | None = Field(
        None,
        description="Column that says in which fold of the cross-validation a row is tested, for method Predefined: "
        "numbers or texts, each different value is a fold, in their order; -1: in none, the row is always fitted on. "
        "The estimator does not see it.",
    )
    column_types: Annotated[dict[str, ColumnType], Field(max_length=10000)] = Field(
        default_factory=dict,
        description="Types of columns, by name: Numeric, Categorical, Boolean (true and false in any case, 1 and 0: "
        "the numbers 1 and 0) or Date (numbers of its parts, see dateParts). A column that is not named here is "
        "Numeric if every value present is a number, and Categorical otherwise; whole numbers with leading zeros, such "
        "as 01234, are codes, so they are no numbers.",
    )
    column_missing_values: Annotated[
        dict[str, Annotated[list[ShortText], Field(min_length=1, max_length=20)]], Field(max_length=10000)
    ] = Field(
        default_factory=dict,
        description='Texts that mean "no value" in one column, by its name, beside those of csv.missingValues: a '
        'glucose or a blood pressure of "0" was not measured. In text a value is compared as it is spelled: "0" is not '
        '"0.0". Markers that occur in no row are told.',
    )
    column_formats: Annotated[dict[str, NumberFormat], Field(max_length=1000)] | None = Field(
        None,
        description="How columns spell numbers, by name, in texts of every format: {price: {prefix: $}, share: "
        '{suffix: "%"}}. Such a column is Numeric; a value that does not fit is an error. Numbers of Parquet and JSON '
        "are numbers already and are taken beside the texts.",
    )
    date_parts: Annotated[dict[str, _DateParts], Field(max_length=100)] | None = Field(
        None,
        description="What becomes of the columns that are declared Date in columnTypes, by name: Year, Quarter, Month, "
        "Day (of the month), DayOfYear, Weekday (Monday is 0), Hour, DaysSinceEpoch (days since 1970-01-01, with the "
        "time of day as a fraction; no row of the data decides where it begins). Each is a numeric column, such as "
        "day.year, day.weekday or day.days; a missing date is missing in each. Dates with a time zone are taken in "
        "UTC. Default: [Year, Month, Weekday, DaysSinceEpoch].",
    )
    date_formats: Annotated[dict[str, _DateFormat], Field(max_length=100)] | None = Field(
        None,
        description="How dates are written, by the name of the column (declared Date, or timeColumn), in the words of "
        'strptime: {day: "%d.%m.%Y"}. Default: ISO 8601, such as 2024-05-31 or 2024-05-31T12:00:00Z.',
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "dateParts",
            "!has(self.dateParts) || (has(self.columnTypes) && self.dateParts.all(name, "
            "name in self.columnTypes && self.columnTypes[name] == 'Date'))",
            "must name columns that columnTypes declares as Date",
            lambda d: all(d.column_types.get(name) is ColumnType.DATE for name in d.date_parts or {}),
            lambda d: d.date_parts,
        ),
        Rule(
            "dateFormats",
            "!has(self.dateFormats) || self.dateFormats.all(name, (has(self.timeColumn) && name == self.timeColumn) || "
            "(has(self.columnTypes) && name in self.columnTypes && self.columnTypes[name] == 'Date'))",
            "must name the timeColumn or columns that columnTypes declares as Date",
            lambda d: all(
                name == d.time_column or d.column_types.get(name) is ColumnType.DATE for name in d.date_formats or {}
            ),
            lambda d: d.date_formats,
        ),
        Rule(
            "columnTypes",
            "!has(self.columnTypes) || !(self.target in self.columnTypes) || self.columnTypes[self.target] != 'Date'",
            "may not declare the target as Date: a model predicts classes or numbers",
            lambda d: d.column_types.get(d.target) is not ColumnType.DATE,
            lambda d: d.column_types,
        ),
        Rule(
            "columnTypes",
            "!has(self.columnTypes) || !has(self.groupColumn) || !(self.groupColumn in self.columnTypes) || "
            "self.columnTypes[self.groupColumn] != 'Date'",
            "may not declare the groupColumn as Date: groups are told apart by their texts; leave the type out",
            lambda d: d.group_column is None or d.column_types.get(d.group_column) is not ColumnType.DATE,
            lambda d: d.column_types,
        ),
    )
