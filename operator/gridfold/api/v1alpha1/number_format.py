"""spec.dataset.columnFormats: how the texts of a column spell numbers."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from gridfold.api.base import ApiModel, Rule

DECIMAL_PATTERN = r"^[.,]$"
THOUSANDS_PATTERN = r"^[., '_]$"
DecimalMark = Annotated[str, Field(min_length=1, max_length=1, pattern=DECIMAL_PATTERN)]
ThousandsMark = Annotated[str, Field(min_length=1, max_length=1, pattern=THOUSANDS_PATTERN)]
_PREFIX_PATTERN = r"^.*[^0-9 ] *$"
_SUFFIX_PATTERN = r"^ *[^0-9 ].*$"


class Negative(StrEnum):
    """How a negative number is marked."""

    MINUS = "Minus"
    UNICODE_MINUS = "UnicodeMinus"
    PARENTHESES = "Parentheses"
    TRAILING = "Trailing"


class NumberFormat(ApiModel):
    """How the texts of one column spell numbers."""

    decimal: DecimalMark | None = Field(
        None, description='The mark before the fraction, "." or ",". Default: that of csv.decimal.'
    )
    thousands: ThousandsMark | None = Field(
        None,
        description="What divides a long number into groups of three digits: a comma (then the groups may be as in "
        'India), a point, "_", " " (any space, the non-breaking ones too) or an apostrophe (either kind). Default: '
        "that of csv.thousands.",
    )
    prefix: Annotated[str, Field(min_length=1, max_length=16, pattern=_PREFIX_PATTERN)] | None = Field(
        None,
        description='What may stand before a number, such as "$"; it is taken away, with white space after it. A sign '
        "may stand on either side of it.",
    )
    suffix: Annotated[str, Field(min_length=1, max_length=16, pattern=_SUFFIX_PATTERN)] | None = Field(
        None,
        description='What may stand after a number, such as "%" or "kg"; it is taken away, with white space before it. '
        "The number stays as it is written: 4.5% is 4.5.",
    )
    negative: Negative | None = Field(
        None,
        description="How negative numbers are marked beside -4: UnicodeMinus (by the character U+2212 or an en dash), "
        'Parentheses ("(4)") or Trailing ("4-"). Default: Minus, in no other way.',
    )
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "thousands",
            "!has(self.thousands) || !has(self.decimal) || self.thousands != self.decimal",
            "must not be the decimal mark",
            lambda spelled: spelled.thousands is None or spelled.thousands != spelled.decimal,
            lambda spelled: spelled.thousands,
        ),
    )
