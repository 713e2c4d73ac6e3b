"""How texts spell numbers: one regular expression, the same for prepare (Rust's dialect), export and model card.

A number in a declared spelling is rewritten as Python writes it, and read by float(). Nothing is guessed: a text that
the expression does not match as a whole is no number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gridfold.api.v1alpha1 import Dataset, Negative, NumberFormat

#: Spaces that people put into numbers: plain, tab, no-break, thin, narrow no-break.
_SPACES = "[ \t\u00a0\u2009\u202f]"
_SPACE = f"{_SPACES}*"
#: What stands for a thousands mark, as a class of characters.
_THOUSANDS = {" ": _SPACES, "'": "['\u2019]", ",": "[,]", ".": "[.]", "_": "[_]"}
_MARKS = {"": "", " ": " \t\u00a0\u2009\u202f", "'": "'\u2019"}
_EXPONENT = "(?:[eE][+-]?[0-9]+)?"
UNICODE_MINUS, EN_DASH = "\u2212", "\u2013"
#: Groups of a match that say "below zero".
NEGATIVE_MARKS = f"-{UNICODE_MINUS}{EN_DASH}("
#: What export and model card rewrite numbers with: `Spelling.plain` without this package.
PLAIN_SOURCE = """def plain(text, pattern, marks, decimal):
    \"\"\"Return a number as Python writes it; nothing for a text that is none.\"\"\"
    found = re.fullmatch(pattern, text)
    if not found:
        return ""
    parts = [part for part in found.groups() if part]
    digits = next(part for part in parts if part[-1] not in "+-\\u2212\\u2013(")
    digits = "".join(character for character in digits if character not in marks)
    below = any(part in "-\\u2212\\u2013(" for part in parts)
    return ("-" if below else "") + digits.replace(decimal, ".")"""
#: What a column of booleans may say, in lower case.
BOOLEANS = {"true": "1", "false": "0", "1": "1", "0": "0", "1.0": "1", "0.0": "0"}


@dataclass(frozen=True)
class Spelling:
    """How numbers are spelled; without anything it is the protocol's own way."""

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    negative: Negative = Negative.MINUS

    @classmethod
    def of(cls, dataset: Dataset, column: str) -> "Spelling":
        """Return how a column spells numbers: its own words, then those of csv."""
        found = (dataset.column_formats or {}).get(column) or NumberFormat()
        return cls(
            found.decimal or dataset.csv.decimal or ".",
            found.thousands or dataset.csv.thousands or "",
            (found.prefix or "").strip(),
            (found.suffix or "").strip(),
            found.negative or Negative.MINUS,
        )

    @property
    def parts(self) -> tuple[str, str, str]:
        """Return what `PLAIN_SOURCE` takes beside the text."""
        return self.pattern, self.marks, self.decimal

    @property
    def is_plain(self) -> bool:
        """Tell whether numbers need no rewriting."""
        return self == Spelling()

    @property
    def pattern(self) -> str:
        """Return what matches a number as a whole; of its groups, the one that ends in no sign holds the digits."""
        return "|".join(self._forms())

    @property
    def marks(self) -> str:
        """Return the characters that divide thousands."""
        return _MARKS.get(self.thousands, self.thousands)

    def plain(self, text: str) -> str | None:
        """Return a number as Python writes it; None where the text is none."""
        found = _compiled(self).fullmatch(text)
        if found is None:
            return None
        parts = [part for part in found.groups() if part]
        digits = next(part for part in parts if part[-1] not in f"+{NEGATIVE_MARKS}")
        for mark in self.marks:
            digits = digits.replace(mark, "")
        sign = "-" if any(part in NEGATIVE_MARKS for part in parts) else ""
        return sign + digits.replace(self.decimal, ".")

    def spelled(self, number: str) -> str:
        """Return a number of JSON in this spelling."""
        return number.replace(".", self.decimal)

    def _forms(self) -> Iterator[str]:
        number = f"({self._digits()})"
        signs = "[+-]" if self.negative is not Negative.UNICODE_MINUS else f"[+{UNICODE_MINUS}{EN_DASH}-]"
        prefix, suffix = re.escape(self.prefix), re.escape(self.suffix)
        end = f"(?:{_SPACE}{suffix})?" if suffix else ""
        begin = f"(?:{prefix}{_SPACE})?" if prefix else ""
        if prefix:
            yield f"({signs}?){_SPACE}{begin}{number}{end}"
            yield f"{prefix}{_SPACE}({signs}){_SPACE}{number}{end}"
        else:
            yield f"({signs}?){number}{end}"
        if self.negative is Negative.PARENTHESES:
            yield rf"{begin}([(]){_SPACE}{begin}{number}{end}{_SPACE}[)]{end}"
        if self.negative is Negative.TRAILING:
            yield f"{begin}{number}{end}{_SPACE}(-){end}"

    def _digits(self) -> str:
        whole = "[0-9]+"
        mark = _THOUSANDS.get(self.thousands)
        if mark:
            groups = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+"
            if self.thousands == ",":  # as in India: 12,34,567
                groups += f"|[0-9]{{1,2}}(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
            whole = f"(?:{groups}|[0-9]+)"
        point = f"[{self.decimal}]"
        return f"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){_EXPONENT}"


def writes_commas(dataset: Dataset) -> bool:
    """Tell whether texts of any column have another decimal mark than the numbers of JSON and Parquet."""
    formats = (dataset.column_formats or {}).values()
    return dataset.csv.decimal == "," or any(found.decimal == "," for found in formats)


@cache
def _compiled(spelling: Spelling) -> re.Pattern[str]:
    return re.compile(spelling.pattern)
