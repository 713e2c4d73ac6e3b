"""spec.dataset.csv: how a CSV file is to be read."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule
from gridfold.api.v1alpha1.fields import Bool, ColumnName, ShortText


class Encoding(StrEnum):
    """How the text of a CSV file is encoded."""

    UTF_8 = "UTF8"
    LATIN_1 = "Latin1"


class Csv(ApiModel):
    """How a CSV file is to be read."""

    header: Bool = Field(True, description="Whether the first line holds the names of the columns.")
    column_names: Annotated[list[ColumnName], Field(max_length=10000)] | None = Field(
        None, description="Names of the columns, in order: required where header is false, forbidden where it is true."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[\t -!#-~]$")] = Field(
        ",", description="The one ASCII character between two fields. Default: a comma."
    )
    encoding: Encoding = Field(Encoding.UTF_8, description="How the text is encoded.")
    quote_character: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-/:-@\[-`{-~]$")] = Field(
        '"',
        description="The character around fields that contain a delimiter, a quote or a line break. "
        "Default: the double quote.",
    )
    missing_values: Annotated[list[ShortText], Field(max_length=100)] = Field(
        default_factory=list,
        description='Texts that mean "no value", such as "?", in every column, the target too, and in every format. An '
        "empty field always does; nothing else does unless it is named here, not even NA.",
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
    )
