"""spec.dataset.csv: how a CSV file is to be read."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import DELIMITER_PATTERN, Bool, ColumnName, Int, ShortText
from gridfold.api.v1alpha1.number_format import DecimalMark, ThousandsMark


class Encoding(StrEnum):
    """How the text of a CSV file is encoded."""

    UTF_8 = "UTF8"
    LATIN_1 = "Latin1"
    WINDOWS_1252 = "Windows1252"
    UTF_16 = "UTF16"


class UnnamedColumns(StrEnum):
    """What becomes of columns whose name in the header is empty."""

    DROP = "Drop"
    NAME = "Name"


class RepeatedHeader(StrEnum):
    """What becomes of a header line that stands again among the rows."""

    REFUSE = "Refuse"
    DROP = "Drop"


class Csv(ApiModel):
    """How a CSV file is to be read."""

    header: Bool = Field(True, description="Whether the first line holds the names of the columns.")
    column_names: Annotated[list[ColumnName], Field(max_length=100_000)] | None = Field(
        None, description="Names of the columns, in order: required where header is false, forbidden where it is true."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=10, pattern=DELIMITER_PATTERN)] = Field(
        ",",
        description='The one ASCII character between two fields, such as ";" or "\\t", or the word Whitespace: any '
        "number of blanks and tabs, at the begin and end of a line none at all. Default: a comma.",
    )
    encoding: Encoding = Field(
        Encoding.UTF_8,
        description="How the text is encoded. Windows1252 is what Windows and Excel call ANSI in western Europe; it "
        "reads all of Latin1.",
    )
    quote_character: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-/:-@\[-`{-~]$")] = Field(
        '"',
        description="The character around fields that contain a delimiter, a quote or a line break. "
        "Default: the double quote.",
    )
    unnamed_columns: UnnamedColumns | None = Field(
        None,
        description="What becomes of columns whose name in the header is empty, such as the index that pandas writes: "
        'Drop leaves them out while reading, Name calls them as pandas does ("Unnamed: 0", by position). It also lets '
        "every line end in a delimiter, and rows begin with a name of their own that the header leaves out. Where it "
        "is not given, such columns are refused.",
    )
    comment: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-/:-@\[-`{-~]$")] | None = Field(
        None,
        description='Lines that begin with this character, such as "#", are left out. Further on in a line it is text. '
        "Default: none.",
    )
    skip_lines: Annotated[Int, Field(ge=0, le=1_000_000)] | None = Field(
        None,
        description="How many lines to leave out at the begin of each file, before the header or the first row: as an "
        "editor numbers them, blank lines and comments included. Default: none.",
    )
    missing_values: Annotated[list[ShortText], Field(max_length=100)] = Field(
        default_factory=list,
        description='Texts that mean "no value", such as "?", in every column, the target too, and in every format. An '
        "empty field always does; nothing else does unless it is named here, not even NA.",
    )
    decimal: DecimalMark | None = Field(
        None,
        description='The mark before the fraction of a number, "." or ",". It holds for all columns and, as '
        "missingValues does, for the texts of every format. Default: a point.",
    )
    thousands: ThousandsMark | None = Field(
        None,
        description='What divides long numbers into groups of three digits, in all columns: a comma, a point, "_", " " '
        "(any space, the non-breaking ones too) or an apostrophe (either kind). Default: nothing does.",
    )
    repeated_header: RepeatedHeader | None = Field(
        None,
        description="What becomes of a line that repeats the header among the rows, as it does where files were put "
        "together: Refuse (default: an error that names the lines) or Drop (counted in the status).",
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "columnNames",
            "self.header || has(self.columnNames)",
            "is required where header is false: without a header line the columns have no names",
            lambda csv: csv.header or csv.column_names is not None,
            lambda csv: csv.column_names,
        ),
        Rule(
            "columnNames",
            "!self.header || !has(self.columnNames)",
            "must be left out where header is true: the header line names the columns",
            lambda csv: not csv.header or csv.column_names is None,
            lambda csv: csv.column_names,
        ),
        Rule(
            "quoteCharacter",
            "self.quoteCharacter != self.delimiter",
            "must not be the delimiter",
            lambda csv: csv.quote_character != csv.delimiter,
            lambda csv: csv.quote_character,
        ),
        Rule(
            "comment",
            "!has(self.comment) || (self.comment != self.delimiter && self.comment != self.quoteCharacter)",
            "must be neither the delimiter nor the quote",
            lambda csv: csv.comment not in {csv.delimiter, csv.quote_character},
            lambda csv: csv.comment,
        ),
        Rule(
            "unnamedColumns",
            "self.header || !has(self.unnamedColumns) || self.unnamedColumns != 'Name'",
            "may be Name only where there is a header; without one csv.columnNames names every column",
            lambda csv: csv.header or csv.unnamed_columns is not UnnamedColumns.NAME,
            lambda csv: csv.unnamed_columns,
        ),
        Rule(
            "thousands",
            "!has(self.thousands) || self.thousands != (has(self.decimal) ? self.decimal : '.')",
            "must not be the decimal mark, which is a point unless decimal names it",
            lambda csv: csv.thousands is None or csv.thousands != (csv.decimal or "."),
            lambda csv: csv.thousands,
        ),
    )
