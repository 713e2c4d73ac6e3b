"""What the texts of a column would be in another spelling of numbers: a guess that is told and never acted upon."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gridfold.api.v1alpha1 import Negative
from gridfold.domain.markers import NUMBER
from gridfold.domain.number_formats import EN_DASH, UNICODE_MINUS, Spelling

#: Of more texts, every n-th is looked at.
_SAMPLE = 2000
#: Of ten texts, one may be something else (a marker of missing values, a slip); where there are few, two may.
_OTHERS_PERCENT, _FEW_OTHERS = 10, 2
_LONGEST = 16
_SPACES = " \t\u00a0\u2009\u202f"
_SHAPE = re.compile(
    rf"(?P<before>[^0-9]*?)(?P<digits>[.,]?[0-9](?:[0-9.,'\u2019_{_SPACES}]*[0-9])?[.,]?(?:[eE][+-]?[0-9]+)?)"
    r"(?P<after>(?:[^0-9].*)?)",
    re.DOTALL,
)
#: Decimal and thousands marks, the simplest first.
_MARKS = [(".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"), (".", "_")]
_MARKS += [(",", "_")]
_MONEY = {
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "INR", "JPY", "KRW", "MXN", "NOK"),
    *("NZD", "PLN", "RUB", "SEK", "SGD", "TRY", "USD", "ZAR", "Rs", "Rs.", "Fr", "Fr.", "kr", "kr.", "Kč", "zł", "R"),
}
_BOUNDS = "<>≤≥"
_UNSIGNED = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
#: Spellings that nothing in a spec can say, with what they are called.
_OTHERS = {
    "fractions": rf"[+-]?(?:[0-9]+ )?[0-9]+ ?/ ?[0-9]+|[0-9]+ ?[½⅓⅔¼¾⅛]|[½⅓⅔¼¾⅛]|{NUMBER}",
    "hexadecimal numbers": r"[+-]?0[xX][0-9a-fA-F]+",
    "ranges": rf"[+-]?{_UNSIGNED} ?(?:-|–|—|to|\.\.) ?[+-]?{_UNSIGNED}|{NUMBER}",
    "bounds": rf"[{_BOUNDS}]=? ?{NUMBER}|{NUMBER} ?\+|{NUMBER}",
    "exponents of another language": rf"[+-]?{_UNSIGNED}(?:[dD]| ?[x×*·] ?10\^?)[+-]?[0-9]+|{NUMBER}",
    "numbers with two decimal marks": rf"[+-]?[0-9]+,[0-9]+|{NUMBER}",
    "numbers in different units": rf"[$€£¥₹₽₩]? ?[+-]?{_UNSIGNED} ?[$€£¥₹₽₩A-Za-zµ°%]{{0,4}}",
}


@dataclass(frozen=True)
class Guess:
    """In which spelling nearly all texts of a column are numbers."""

    spelling: Spelling
    example: str
    value: float  #: of the example
    others: tuple[str, ...] = ()  #: texts that are none in that spelling either
    also: Spelling | None = None  #: another one, in which the same texts are other numbers
    also_value: float = 0.0


@dataclass(frozen=True)
class _Shape:
    prefix: str
    suffix: str
    negative: Negative


def guess(texts: Sequence[str], current: Spelling) -> Guess | None:
    """Return the spelling in which nearly all texts of a column are numbers, None where there is none.

    Args:
        texts: distinct ones, of a column that is not numeric in its current spelling.
        current: how its numbers are spelled by the spec.
    """
    sample = sampled(texts)
    shapes = [shape for shape in map(_shape, sample) if shape]
    if not nearly_all(len(shapes), len(sample)):
        return None
    prefix, suffix = (_most([getattr(shape, part) for shape in shapes]) for part in ("prefix", "suffix"))
    negatives = Counter(shape.negative for shape in shapes if shape.negative is not Negative.MINUS)
    negative = negatives.most_common(1)[0][0] if negatives else Negative.MINUS
    found = [_read(Spelling(*marks, prefix, suffix, negative), sample) for marks in _MARKS]
    best = max(found, key=lambda numbers: len(numbers.by_text))
    if not nearly_all(len(best.by_text), len(sample)) or best.spelling == current:
        return None
    if not _is_likely(best):
        return None
    return _guess(best, found, sample)


def undeclarable(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return what nearly all texts are, and an example, where these are numbers that no spec can spell."""
    sample = sampled(texts)
    folded = [unicodedata.normalize("NFKC", text) for text in sample]
    foreign = [a for a, b in zip(sample, folded, strict=True) if a != b and re.fullmatch(NUMBER, b, re.ASCII)]
    foreign += [text for text in sample if not text.isascii() and text.isdecimal()]
    numbers = sum(bool(re.fullmatch(NUMBER, text, re.ASCII)) for text in sample)
    if foreign and nearly_all(numbers + len(set(foreign)), len(sample)):
        return "digits other than 0 to 9", foreign[0]
    for name, pattern in _OTHERS.items():
        matching = [text for text in sample if re.fullmatch(pattern, text)]
        special = [text for text in matching if not re.fullmatch(NUMBER, text, re.ASCII)]
        if special and nearly_all(len(matching), len(sample)):
            return name, special[0]
    return None


def sampled(texts: Sequence[str]) -> Sequence[str]:
    """Return some of many texts, evenly."""
    return texts[:: -(-len(texts) // _SAMPLE)] if len(texts) > _SAMPLE else texts


def nearly_all(part: int, whole: int) -> bool:
    """Tell whether what is left are slips and markers."""
    others = whole - part
    return part > 2 * others and others <= max(_FEW_OTHERS, whole * _OTHERS_PERCENT // 100)


@dataclass(frozen=True)
class _Numbers:
    spelling: Spelling
    by_text: dict[str, float]


def _read(spelling: Spelling, texts: Sequence[str]) -> _Numbers:
    plain = {text: spelling.plain(text) for text in texts}
    return _Numbers(spelling, {text: float(number) for text, number in plain.items() if number is not None})


def _guess(best: _Numbers, found: Sequence[_Numbers], sample: Sequence[str]) -> Guess:
    """Return the best one with its example: the text that tells most of the spelling."""
    numbers = best.by_text
    strange = [text for text in numbers if not re.fullmatch(NUMBER, text, re.ASCII)] or list(numbers)
    example = max(strange, key=lambda text: (len({c for c in text if not c.isdigit()}), -len(text)))
    others = tuple(text for text in sample if text not in numbers)
    for other in found:
        if len(other.by_text) == len(numbers):
            differing = [text for text in other.by_text if other.by_text[text] != numbers.get(text)]
            if differing:
                text = differing[0]
                return Guess(best.spelling, text, numbers[text], others, other.spelling, other.by_text[text])
    return Guess(best.spelling, example, numbers[example], others)


def _shape(text: str) -> _Shape | None:
    """Return what stands around the digits of a text; None where it has none, or nothing that could be a unit."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    before, digits, after = found["before"].strip(_SPACES), found["digits"], found["after"].strip(_SPACES)
    if digits[0] in ".," and before[-1:].isalpha():  # Rs.5 is no half
        before += digits[0]
    negative = Negative.MINUS
    if "(" in before and ")" in after:
        negative = Negative.PARENTHESES
        before, after = before.replace("(", "", 1), after.replace(")", "", 1)
    elif after[:1] == "-" or after[-1:] == "-":
        negative, after = Negative.TRAILING, after.strip("-")
    if {before[:1], before[-1:]} & {UNICODE_MINUS, EN_DASH}:
        negative = Negative.UNICODE_MINUS
    before = before.strip(f"+-{UNICODE_MINUS}{EN_DASH}{_SPACES}")
    after = after.strip(_SPACES)
    if len(before) > _LONGEST or len(after) > _LONGEST:
        return None
    return _Shape(before, after, negative)


def _most(parts: Sequence[str]) -> str:
    """Return the most frequent text that stands at one side, "" where none does."""
    counts = Counter(filter(None, parts))
    return counts.most_common(1)[0][0] if counts else ""


def _is_likely(found: _Numbers) -> bool:
    """Tell whether what stands around the numbers is a unit: A1, A2, A3 are names, and >5 is no number."""
    prefix, suffix = found.spelling.prefix, found.spelling.suffix
    if set(prefix + suffix) & set(_BOUNDS) or suffix.startswith(("+", "/", ":", "-")):
        return False
    if not prefix or not prefix[-1].isalpha() or prefix in _MONEY:
        return True
    if any(unicodedata.category(character) == "Sc" for character in prefix):
        return True
    return any(value != int(value) for value in found.by_text.values() if abs(value) < 2**53)
